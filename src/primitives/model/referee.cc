// The three ways to run a program, and what is checked after each run.
#include "src/primitives/model/referee.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "src/primitives/model/follow.h"
#include "src/primitives/model/model.h"
#include "src/primitives/model/runner.h"
#include "src/registry/snapshot.h"
#include "src/runtime/sim/testing.h"

namespace taskleak::model {
namespace {

using internal::Choice;
using internal::Operation;
using internal::RunEnd;
using internal::RunResult;
using internal::SchedulePoint;
using internal::SimTask;

// Every schedule, one after the other: all orders of the tasks that can run, all ready cases. No
// faults, no holds; a program has no timers.
class DepthFirst final : public internal::Decider {
 public:
  // To the next schedule. False: that was the last.
  bool Advance() {
    depth_ = 0;
    while (!path_.empty() && ++path_.back().choice == path_.back().count) path_.pop_back();
    return !path_.empty();
  }
  // A schedule's beginning did not lead where it had led before.
  bool diverged() const { return diverged_; }

  Choice Schedule(const SchedulePoint& point) override {
    const std::size_t others = point.ready.size();
    const std::size_t i = Pick(others + (point.current != nullptr ? 1 : 0));
    return Choice::Task(i < others ? point.ready[i] : point.current);
  }
  std::uint32_t Case(SimTask*, const Operation&, std::span<const std::uint32_t> ready) override {
    return ready[Pick(ready.size())];
  }
  bool TakeFault(SimTask*, const Operation&) override { return false; }
  std::int64_t Data(SimTask*, const Operation&, std::int64_t, std::int64_t,
                    std::int64_t canonical) override {
    return canonical;
  }

 private:
  struct Decision {
    std::size_t choice;
    std::size_t count;
  };

  std::size_t Pick(std::size_t count) {
    if (depth_ == path_.size()) path_.push_back({0, count});
    diverged_ = diverged_ || path_[depth_].count != count;
    return std::min(path_[depth_++].choice, count - 1);
  }

  std::vector<Decision> path_;
  std::size_t depth_ = 0;
  bool diverged_ = false;
};

// What the registry calls a wait in this operation.
const char* WaitName(OpKind kind) {
  switch (kind) {
    case OpKind::kSend:
      return "chan send";
    case OpKind::kRecv:
      return "chan recv";
    case OpKind::kSelect:
      return "select";
    case OpKind::kLock:
    case OpKind::kMutexLock:
      return "lock";
    case OpKind::kRLock:
      return "rlock";
    case OpKind::kWait:
      return "waitgroup wait";
    default:
      return "nothing: it cannot wait there";
  }
}

// The registry shows those tasks that have not ended, each blocked where it stands in its program.
std::string CheckRegistry(const Program& program, const Outcome& outcome,
                          const std::vector<TaskSnapshot>& left) {
  std::size_t shown = 0;
  for (std::size_t i = 0; i < program.tasks.size(); ++i) {
    if (outcome[i].fate != Fate::kNotEnded) continue;
    const std::string name = "task " + std::to_string(i);
    if (outcome[i].count >= program.tasks[i].size()) return name + " has neither ended nor waits";
    const std::string waits_in = WaitName(program.tasks[i][outcome[i].count].kind);
    // The root is task 1, and starts the others in order.
    const auto found = std::find_if(left.begin(), left.end(),
                                    [i](const TaskSnapshot& task) { return task.id == i + 2; });
    if (found == left.end()) return name + " waits, but is not in the registry";
    if (found->state != TaskState::kBlocked || found->operation != waits_in) {
      std::string text = name;
      text.append(" waits in ").append(waits_in).append(", but the registry says ");
      return text.append(ToString(found->state)).append(" in ").append(found->operation);
    }
    ++shown;
  }
  if (shown != left.size()) return "the registry shows tasks that have ended";
  return "";
}

constexpr const char* kNotAllowed = "this outcome is none that the model allows";

bool AnyLeft(const Program& program, const Outcome& outcome) {
  return std::any_of(outcome.begin(), outcome.begin() + program.tasks.size(),
                     [](const TaskOutcome& task) { return task.fate == Fate::kNotEnded; });
}

std::string Describe(const std::string& what, const Program& program, const Outcome& outcome) {
  return what + "\nprogram:\n" + Text(program) + "outcome:\n" + Text(program, outcome);
}

}  // namespace

std::optional<Outcome> Referee::RunOnce(const Program& program, bool stands_aside,
                                        internal::Decider& decider, Verdict* verdict) {
  ++verdict->runs;
  Recorder recorder;
  Outcome outcome;
  std::string trouble;
  const auto body = [&] {
    Runner runner(program, &recorder);
    runner.Start();
    if (stands_aside) PreemptionPoint();
  };
  const auto at_end = [&](const RunResult& result) {
    outcome = recorder.Read();
    const RunEnd expected = AnyLeft(program, outcome) ? RunEnd::kLeak : RunEnd::kClean;
    if (result.end != expected)
      trouble = "the run ended otherwise than its tasks did: " + result.message;
    else if (verdict->observed.insert(outcome).second)
      trouble = CheckRegistry(program, outcome, SnapshotTasks(simulator_));
  };
  simulator_.Run(body, decider, {}, nullptr, at_end);
  if (trouble.empty()) return outcome;
  verdict->mismatch = Describe(trouble, program, outcome);
  return std::nullopt;
}

bool Referee::RunAndJudge(const Program& program, const std::set<Outcome>& allowed,
                          internal::Decider& decider, Verdict* verdict) {
  const std::optional<Outcome> outcome = RunOnce(program, false, decider, verdict);
  if (!outcome.has_value()) return false;
  if (allowed.contains(*outcome)) return true;
  verdict->mismatch = Describe(kNotAllowed, program, *outcome);
  return false;
}

Verdict Referee::TryEverySchedule(const Program& program, const std::set<Outcome>& allowed,
                                  std::uint64_t max_runs) {
  Verdict verdict;
  DepthFirst decider;
  do {
    if (verdict.runs == max_runs) return verdict;
    if (!RunAndJudge(program, allowed, decider, &verdict)) return verdict;
    if (decider.diverged()) {
      verdict.mismatch = "the same decisions led elsewhere than before\n" + Text(program);
      return verdict;
    }
  } while (decider.Advance());
  verdict.exhausted = true;
  for (const Outcome& outcome : allowed)
    if (!verdict.observed.contains(outcome))
      verdict.mismatch =
          Describe("this outcome, which the model allows, comes of no schedule", program, outcome);
  return verdict;
}

Verdict Referee::TryRandomSchedules(const Program& program, const std::set<Outcome>& allowed,
                                    std::uint64_t runs) {
  Verdict verdict;
  internal::TestDecider decider(program.seed * 2 + 1);  // Of seed 0 it would be canonical.
  while (verdict.runs < runs && RunAndJudge(program, allowed, decider, &verdict)) {
  }
  return verdict;
}

Verdict Referee::FollowModelOf(const Program& modelled, const Program& program,
                               std::uint64_t max_runs) {
  Verdict verdict;
  Atlas atlas(modelled);
  Follower decider(modelled, &atlas);
  while (atlas.Begin()) {
    if (verdict.runs == max_runs) return verdict;
    decider.BeginRun();
    const std::optional<Outcome> outcome = RunOnce(program, true, decider, &verdict);
    if (!outcome.has_value()) return verdict;
    const Outcome& expected = atlas.state().outcome;
    std::string trouble = decider.mismatch();
    if (trouble.empty() && !Steps(modelled, atlas.state()).empty())
      trouble = "the program came to rest, but goes on in the model";
    if (trouble.empty() && *outcome != expected) trouble = "the same steps came to something else";
    if (trouble.empty()) continue;
    verdict.mismatch = Describe(trouble, program, *outcome) + "outcome in the model:\n" +
                       Text(modelled, expected) + "steps:\n" + decider.Trail();
    return verdict;
  }
  verdict.exhausted = true;
  return verdict;
}

Verdict Referee::TryRescue(const Program& program, const std::set<Outcome>& allowed,
                           std::uint64_t runs) {
  Verdict verdict;
  internal::TestDecider decider(program.seed * 2 + 1);
  // Rescuing takes a few hundred steps, or never ends.
  const internal::RunOptions options = {.max_steps = 5'000, .kinds = {}};
  while (verdict.runs < runs) {
    ++verdict.runs;
    Outcome outcome;
    const RunResult result =
        simulator_.Run([&] { outcome = RunAndRescue(program); }, decider, options);
    verdict.observed.insert(outcome);
    if (result.end == RunEnd::kClean && allowed.contains(outcome)) continue;
    verdict.mismatch = Describe(
        result.end == RunEnd::kClean ? kNotAllowed : "not everybody was rescued: " + result.message,
        program, outcome);
    return verdict;
  }
  return verdict;
}

}  // namespace taskleak::model
