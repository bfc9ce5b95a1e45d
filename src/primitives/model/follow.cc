// The model's states as runs come to them, and the decider that takes its steps.
#include "src/primitives/model/follow.h"

#include <string>
#include <utility>

#include "src/primitives/model/rules.h"

namespace taskleak::model {

using internal::Choice;
using internal::Operation;
using internal::SchedulePoint;
using internal::SimTask;

Atlas::Atlas(const Program& program) : program_(program) { GoToStart(); }

void Atlas::GoToStart() {
  state_ = Start(program_);
  PassSilent();
  here_ = Visit(nullptr, {});
}

// Tries and closes of a nil channel are no operations to the simulator: it is not asked before
// them. Nor can anybody else notice them, so they are done as soon as the task stands there.
void Atlas::PassSilent() {
  for (int task = 0; task < static_cast<int>(program_.tasks.size()); ++task) {
    while (state_.standing[task] == Standing::kActs) {
      const Op& op = NextOp(program_, state_, task);
      const bool silent = op.kind == OpKind::kTrySend || op.kind == OpKind::kTryRecv
                              ? program_.Nil(op.cases[0].channel)
                              : op.kind == OpKind::kClose && program_.Nil(op.object);
      if (!silent) break;
      Rules(program_, &state_).Act(task, 0);
    }
  }
}

// The state's node, made when it is the first visit.
Atlas::Node* Atlas::Visit(const Node* from, Step by) {
  const auto [found, is_new] = nodes_.try_emplace(state_);
  Node* node = &found->second;
  if (is_new) {
    *node = {Steps(program_, state_), 0, from, by};
    if (!node->steps.empty()) open_.push_back(node);
  }
  return node;
}

bool Atlas::Begin() {
  while (!open_.empty() && open_.back()->taken == open_.back()->steps.size()) open_.pop_back();
  if (open_.empty()) return false;
  lead_.clear();
  for (const Node* node = open_.back(); node->from != nullptr; node = node->from)
    lead_.push_back(node->by);
  GoToStart();
  return true;
}

Step Atlas::Next() {
  Step step;
  if (!lead_.empty()) {
    step = lead_.back();
    lead_.pop_back();
  } else if (here_->taken < here_->steps.size()) {
    step = here_->steps[here_->taken++];
  } else {
    step = here_->steps[0];
  }
  const Node* from = here_;
  Take(program_, step, &state_);
  PassSilent();
  here_ = Visit(from, step);
  return step;
}

namespace {

// The root is task 1, and starts the program's tasks first of all.
int IndexOf(const SimTask& task) { return static_cast<int>(task.id) - 2; }

std::string Name(int task) { return "task " + std::to_string(task); }

bool CanRun(const State& state, int task) {
  return state.standing[task] == Standing::kActs || state.standing[task] == Standing::kWoken;
}

}  // namespace

void Follower::BeginRun() {
  mismatch_.clear();
  announced_ = {};
  trail_.clear();
}

std::string Follower::Trail() const {
  std::string text;
  for (const Taken& taken : trail_) {
    text += "  " + Name(taken.step.task) + ": " + Text(*taken.op);
    if (taken.choices != 0 && taken.op->kind == OpKind::kSelect)
      text += ", case " + std::to_string(taken.step.chosen);
    text += "\n";
  }
  return text;
}

Choice Follower::Part(const SchedulePoint& point, std::string sentence) {
  mismatch_ = std::move(sentence);
  return point.canonical;
}

Choice Follower::Schedule(const SchedulePoint& point) {
  if (!mismatch_.empty()) return point.canonical;
  std::array<SimTask*, kMaxTasks> can_run = {};
  SimTask* root = nullptr;
  const auto add = [&](SimTask* task) {
    if (IndexOf(*task) < 0)
      root = task;
    else
      can_run[IndexOf(*task)] = task;
  };
  if (point.current != nullptr) {
    add(point.current);
    if (point.current != root) announced_[IndexOf(*point.current)] = true;
  }
  for (std::size_t i = 0; i < point.ready.size(); ++i) add(point.ready[i]);

  const State& state = atlas_.state();
  bool any = false;
  for (int i = 0; i < kMaxTasks; ++i) {
    any = any || CanRun(state, i);
    if (can_run[i] == nullptr) continue;
    if (state.standing[i] == Standing::kWaits)
      return Part(point, Name(i) + " goes on, but waits in the model");
    // It has just been started or served, and goes on to its next operation or its end.
    if (!announced_[i] && state.standing[i] != Standing::kWoken) return Choice::Task(can_run[i]);
    if (state.standing[i] == Standing::kEnded)
      return Part(point, Name(i) + " goes on, but has ended in the model");
  }
  for (int i = 0; i < kMaxTasks; ++i)
    if (CanRun(state, i) && can_run[i] == nullptr)
      return Part(point, Name(i) + " waits or has ended, but goes on in the model");
  if (!any) return root != nullptr ? Choice::Task(root) : point.canonical;

  const State before = state;
  const Step step = atlas_.Next();
  trail_.push_back(
      {step, &NextOp(program_, before, step.task), Choices(program_, before, step.task)});
  announced_[step.task] = false;
  return Choice::Task(can_run[step.task]);
}

std::uint32_t Follower::Case(SimTask* task, const Operation&,
                             std::span<const std::uint32_t> ready) {
  unsigned cases = 0;
  for (const std::uint32_t i : ready) cases |= 1U << i;
  if (mismatch_.empty() && (trail_.empty() || trail_.back().step.task != IndexOf(*task) ||
                            trail_.back().choices != cases))
    mismatch_ = Name(IndexOf(*task)) + " has other cases to choose from than in the model";
  return mismatch_.empty() ? trail_.back().step.chosen : ready[0];
}

}  // namespace taskleak::model
