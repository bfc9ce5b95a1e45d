// What happens in a run, cut into steps. The run itself knows no steps: one begins where the
// schedule has chosen, or where somebody acts who has not acted last.
#include <algorithm>
#include <utility>

#include "fuzz/strategies/exhaustive.h"

namespace taskleak::internal {
namespace {

std::uint64_t Hash(std::uint64_t a, std::uint64_t b) {
  std::uint64_t hash = (a ^ b) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ (hash >> 32)) * 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 29);
}

enum : std::uint64_t { kTimerOf = 0x1d3, kFaultOf = 0x2e5 };

}  // namespace

std::uint32_t ExhaustiveStrategy::Process(std::uint64_t name) {
  return processes_.try_emplace(name, static_cast<std::uint32_t>(processes_.size())).first->second;
}

std::uint32_t ExhaustiveStrategy::ProcessOf(const TimerNode& timer) {
  return Process(Hash(Hash(tasks_[timer.owner - 1].path_hash, timer.ordinal), kTimerOf));
}

std::uint32_t ExhaustiveStrategy::ProcessOf(const Fault& fault) {
  return Process(Hash(Hash(tasks_[fault.owner - 1].path_hash, fault.ordinal), kFaultOf));
}

void ExhaustiveStrategy::BeginStep(std::uint32_t process, Steps::Kind kind, std::size_t node,
                                   std::size_t cause) {
  EndStep();
  if (redundant_) return;
  if (node == Steps::kNone && IsAsleep(process)) return Leave();
  if (begun_ == kMostSteps) {
    too_long_ = true;
    return Leave();
  }
  open_ = true;
  stepping_ = process;
  if (begun_++ < kept_) {
    diverged_ |= steps_[begun_ - 1].process != process;
    return;
  }
  Steps::Step& step = steps_.Append(process);
  step.kind = kind;
  step.node = node;
  step.cause = cause;
}

Steps::Kind ExhaustiveStrategy::JumpKind(bool idle) const {
  return idle && !kinds_.early_timers ? Steps::Kind::kIdleJump : Steps::Kind::kJump;
}

std::size_t ExhaustiveStrategy::ArmedBy(const TimerNode& timer) const {
  for (const Pending& pending : pending_)
    if (pending.timer == &timer) return pending.cause;
  return Steps::kNone;
}

void ExhaustiveStrategy::EndStep() {
  if (!open_) return;
  open_ = false;
  const std::size_t index = begun_ - 1;
  if (reduction_ == Reduction::kNone) return;
  if (index >= kept_) {
    steps_.Finish(*this);
    const Steps::Step& step = steps_[index];
    if (step.node != Steps::kNone) nodes_[step.node].touched.Merge(step.touched);
  }
  const Footprint& touched = steps_[index].touched;
  std::erase_if(asleep_, [&touched](const Sleeper& s) { return Dependent(s.touched, touched); });
}

Footprint* ExhaustiveStrategy::Touched() {
  return redundant_ || begun_ <= kept_ ? nullptr : &steps_.back().touched;
}

// Its step begins with the operation before which it stands.
void ExhaustiveStrategy::Arrive(TaskOfRun& task) {
  const Operation* op = std::exchange(task.arrived, nullptr);
  if (op == nullptr) return;
  if (Footprint* touched = Touched(); touched != nullptr) touched->Add(*op);
}

void ExhaustiveStrategy::InTask(std::uint32_t id) {
  TaskOfRun& task = tasks_[id - 1];
  if (task.arrived == nullptr && open_ && !external_ && stepping_ == task.process) return;
  BeginStep(task.process, Steps::Kind::kTask, Steps::kNone, task.cause);
  Arrive(task);
}

void ExhaustiveStrategy::InStep() {
  if (!external_) InTask(Simulator::Current()->current()->id);
}

void ExhaustiveStrategy::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t /*ordinal*/) {
  if (redundant_) return;
  TaskOfRun of_run{task, Process(task->path_hash), nullptr, Steps::kNone, task->path_hash};
  if (parent != 0) {
    InStep();
    of_run.cause = begun_ - 1;
    if (Footprint* touched = Touched(); touched != nullptr)
      touched->Write(Footprint::Children(tasks_[parent - 1].path_hash));
  }
  tasks_.push_back(of_run);
}

void ExhaustiveStrategy::OnBefore(const SimTask& task, const Operation& op) {
  if (redundant_) return;
  InTask(task.id);
  plain_memory_ |= op.kind == OpKind::kPreemptionPoint;
  if (!op.preempts) return;
  CheckFaults();
  tasks_[task.id - 1].arrived = &op;
}

// An operation that had to wait goes on, or waits once more.
void ExhaustiveStrategy::Looked(const SimTask& task, const Operation& op) {
  if (redundant_) return;
  InTask(task.id);
  if (!LooksAgain(op.kind)) return;
  if (Footprint* touched = Touched(); touched != nullptr) touched->Add(op);
}

void ExhaustiveStrategy::OnAfter(const SimTask& task, const Operation& op,
                                 std::uint32_t /*outcome*/) {
  Looked(task, op);
}

void ExhaustiveStrategy::OnPark(const SimTask& task, const Operation& op) {
  Looked(task, op);
  if (!redundant_) CheckFaults();
}

void ExhaustiveStrategy::OnUnpark(const SimTask& task) {
  if (redundant_) return;
  InStep();
  tasks_[task.id - 1].cause = begun_ - 1;
  // Whoever serves one case of a select takes it from all its channels.
  if (Footprint* touched = Touched(); touched != nullptr && task.operation != nullptr)
    touched->Add(*task.operation);
}

void ExhaustiveStrategy::OnEnd(const SimTask& task) {
  if (redundant_) return;
  InTask(task.id);
  CheckFaults();
}

void ExhaustiveStrategy::OnTimer(const TimerNode& timer) {
  if (redundant_) return;
  RefreshFaults();
  const std::uint32_t process = ProcessOf(timer);
  const auto pending = std::find_if(pending_.begin(), pending_.end(),
                                    [&timer](const Pending& p) { return p.timer == &timer; });
  if (std::exchange(taken_, UINT32_MAX) != process) {
    BeginStep(process, JumpKind(true), Steps::kNone, pending->cause);
  }
  pending_.erase(pending);
  external_ = true;
  if (Footprint* touched = Touched(); touched != nullptr) touched->Write(Footprint::kClock);
}

void ExhaustiveStrategy::OnFired() {
  external_ = false;
  if (!redundant_) CheckFaults();
}

void ExhaustiveStrategy::OnTouch(const Object& object) {
  if (collecting_ != nullptr) return collecting_->Add(object);
  if (redundant_) return;
  InStep();
  if (Footprint* touched = Touched(); touched != nullptr) touched->Add(object);
}

void ExhaustiveStrategy::OnClock() {
  if (redundant_) return;
  InStep();
  if (Footprint* touched = Touched(); touched != nullptr) touched->Read(Footprint::kClock);
}

// The present step makes it possible.
ExhaustiveStrategy::Pending& ExhaustiveStrategy::Pend(std::uint32_t process) {
  Pending& pending = pending_.emplace_back();
  pending.process = process;
  pending.cause = begun_ - 1;
  return pending;
}

void ExhaustiveStrategy::OnArm(TimerNode& timer) {
  if (redundant_) return;
  OnClock();
  Pend(ProcessOf(timer)).timer = &timer;
}

void ExhaustiveStrategy::OnDisarm(TimerNode& timer) {
  if (redundant_) return;
  OnClock();
  const auto pending = std::find_if(pending_.begin(), pending_.end(),
                                    [&timer](const Pending& p) { return p.timer == &timer; });
  if (kinds_.early_timers) Vanish(*pending);
  pending_.erase(pending);
}

// It did not come, and after the present step it cannot any more.
void ExhaustiveStrategy::Vanish(Pending& pending) {
  Virtual& vanished = virtual_.emplace_back();
  vanished.step.process = pending.process;
  vanished.step.cause = pending.cause;
  vanished.last = begun_ - 1;
  if (pending.timer != nullptr) {
    vanished.step.kind = Steps::Kind::kJump;
    vanished.step.touched = WhatTouches(pending.timer, nullptr);
    vanished.step.touched.Write(Footprint::kClock);
  } else {
    vanished.step.kind = Steps::Kind::kFault;
    vanished.step.touched = std::move(pending.touched);
  }
}

Footprint ExhaustiveStrategy::WhatTouches(const TimerNode* timer, const Fault* fault) {
  Footprint touched;
  collecting_ = &touched;
  if (timer != nullptr) timer->TouchAll(*Simulator::Current());
  if (fault != nullptr) fault->TouchAll(*Simulator::Current());
  collecting_ = nullptr;
  return touched;
}

// What a fault would touch is known as long as it is possible only.
void ExhaustiveStrategy::RefreshFaults() {
  for (Pending& pending : pending_)
    if (pending.fault != nullptr) pending.touched = WhatTouches(nullptr, pending.fault);
}

// Called wherever the simulator is about to drop the faults that are spent.
void ExhaustiveStrategy::CheckFaults() {
  std::erase_if(pending_, [this](Pending& pending) {
    if (pending.fault == nullptr || pending.fault->Possible()) return false;
    Vanish(pending);
    return true;
  });
}

Choice ExhaustiveStrategy::Schedule(const SchedulePoint& point) {
  if (redundant_) return point.canonical;
  EndStep();
  for (Fault* fault : point.faults) {
    const bool known = std::any_of(pending_.begin(), pending_.end(),
                                   [fault](const Pending& p) { return p.fault == fault; });
    if (!known) Pend(ProcessOf(*fault)).fault = fault;
  }
  RefreshFaults();
  if (next_node_ < depth_ && nodes_[next_node_].values == 0 && nodes_[next_node_].step == begun_) {
    const Node& node = nodes_[next_node_];
    if (reduction_ != Reduction::kNone) {
      asleep_.assign(node.asleep.begin(), node.asleep.end());
      std::erase_if(asleep_, [](const Sleeper& s) { return s.process == kEnd; });
    }
    const std::size_t at = next_node_++;
    return Take(node.options.front(), at, point);
  }
  ListOptions(point);
  if (options_.size() == 1) return Take(options_.front(), Steps::kNone, point);
  if (next_node_ < depth_) {
    diverged_ = true;
    return point.canonical;
  }
  MakeNode(point);
  if (redundant_) return point.canonical;
  const std::size_t at = next_node_++;
  return Take(nodes_[at].options.front(), at, point);
}

Choice ExhaustiveStrategy::Take(const Option& option, std::size_t node,
                                const SchedulePoint& point) {
  const Choice choice = Find(option, point);
  if (choice == Choice::Task(nullptr)) return choice;
  if (choice.kind == ChoiceKind::kTask) {
    TaskOfRun& task = tasks_[choice.task->id - 1];
    if (point.current != nullptr && choice.task != point.current) ++preemptions_;
    BeginStep(task.process, Steps::Kind::kTask, node, task.cause);
    Arrive(task);
    return choice;
  }
  const auto pending = std::find_if(pending_.begin(), pending_.end(), [&choice](const Pending& p) {
    return choice.kind == ChoiceKind::kTimer ? p.timer == choice.timer : p.fault == choice.fault;
  });
  const bool idle = point.current == nullptr && point.ready.empty();
  BeginStep(option.process,
            choice.kind == ChoiceKind::kTimer ? JumpKind(idle) : Steps::Kind::kFault, node,
            pending->cause);
  if (choice.kind == ChoiceKind::kTimer) {
    taken_ = option.process;  // OnTimer does the rest.
  } else {
    pending_.erase(pending);
    external_ = true;
  }
  return choice;
}

void ExhaustiveStrategy::OnRunEnd(const RunResult& result) {
  if (redundant_) return;
  EndStep();
  if (reduction_ == Reduction::kNone) return;
  const bool cut_off = result.end == RunEnd::kPanic || result.end == RunEnd::kException;
  for (Pending& pending : pending_) {
    if (pending.timer != nullptr ? !kinds_.early_timers : !cut_off) continue;
    if (pending.fault != nullptr) pending.touched = WhatTouches(nullptr, pending.fault);
    Vanish(pending);
  }
  // A run that was ended by a failure leaves steps undone, which may have touched anything.
  if (cut_off) {
    for (const TaskOfRun& task : tasks_) {
      if (task.task->id - 1 != static_cast<std::size_t>(&task - tasks_.data())) continue;
      if (task.task->id == result.failed_task || !ReadyList::Contains(task.task)) continue;
      Virtual& undone = virtual_.emplace_back();
      undone.step.process = task.process;
      undone.step.cause = task.cause;
      undone.step.touched.WriteAll();
      undone.last = begun_ - 1;
    }
  }
  FinishVirtual();
}

void ExhaustiveStrategy::FinishVirtual() {
  if (reduction_ == Reduction::kNone) return;
  for (const Virtual& step : virtual_) steps_.FinishVirtual(step.step, step.last, *this);
}

// What can go on has been explored: the rest of the run repeats others. What has vanished up to
// here has its races here.
void ExhaustiveStrategy::Leave() {
  redundant_ = true;
  FinishVirtual();
}

}  // namespace taskleak::internal
