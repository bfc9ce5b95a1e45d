// The simulator, part two: what happens next. The fair canonical run, and the exceptions to it.
//
// The canonical run: a task runs until it blocks, yields or has done 64 operations, then the one
// that has been ready longest runs; when every runnable task has had a turn and none blocked, the
// next timer fires.
#include <algorithm>

#include "src/runtime/sim/simulator.h"

namespace taskleak::internal {
namespace {

constexpr std::uint16_t kSlice = 64;
// A hold that lasts longer is released, or a ticker would keep it up for ever.
constexpr std::uint64_t kHoldSteps = 2000;

}  // namespace

void Simulator::MakeReady(SimTask* task) {
  if (task->state != SimTask::State::kNew) task->state = SimTask::State::kReady;
  if (task->held) {
    task->in_held = true;
    held_.push_back(task);
  } else {
    ready_.Push(task);
  }
}

void Simulator::TakeFromReady(SimTask* task) {
  if (task->in_held) Release(task);
  ready_.Remove(task);
  if (task->state != SimTask::State::kNew) task->state = SimTask::State::kRunning;
}

void Simulator::Hold(SimTask* task) {
  if (held_.empty()) oldest_hold_ = steps;
  task->held = true;
  MakeReady(task);
}

void Simulator::Release(SimTask* task) {
  task->held = task->in_held = false;
  held_.erase(std::find(held_.begin(), held_.end(), task));
  ready_.Push(task);
}

void Simulator::ReleaseOldHolds() {
  while (!held_.empty()) Release(held_.front());
}

void Simulator::Log(LoggedException::Kind kind, std::uint32_t target, std::int64_t value,
                    SimTask* anchor, std::uint16_t sub) {
  log_.push_back({kind, sub, anchor->id, anchor->op, target, value});
  if (observer_ != nullptr) observer_->OnException(log_.back(), *anchor);
}

// Whether nothing could happen next but that the current task goes on.
bool Simulator::Alone() const {
  return ready_.empty() && held_.empty() && timers_.empty() && faults_.empty();
}

Choice Simulator::CanonicalNext() const {
  if (!timers_.empty() && turns_ > ready_.size()) return Choice::Timer(timers_.next());
  return Choice::Task(ready_.longest());
}

// Drops the faults that would change nothing any more. At every point, whoever decides: what is
// asked, and so the names of the decisions, must not depend on when somebody last looked.
void Simulator::DropSpentFaults() {
  std::erase_if(faults_, [](Fault* fault) {
    if (fault->Possible()) return false;
    delete fault;
    return true;
  });
}

// Asks the decider, logs what is not canonical. `idle`: no task can run, the next timer is to fire.
Choice Simulator::Decide(SimTask* current, const Operation* op, Choice canonical, bool idle) {
  SimTask* anchor = anchor_;
  const std::uint16_t sub = anchor->sub++;
  if (canonical_only_) return canonical;
  const bool may_fire = idle ? CanJump() : options_.kinds.early_timers && !timers_.empty();
  const SchedulePoint point{
      anchor, sub, current, op, canonical, ready_, held_, may_fire ? &timers_ : nullptr, faults_};
  const Choice choice = decider_->Schedule(point);
  if (choice == canonical) return choice;
  switch (choice.kind) {
    case ChoiceKind::kTask:
      Log(LoggedException::Kind::kTask, choice.task->id, 0, anchor, sub);
      break;
    case ChoiceKind::kTimer:
      Log(LoggedException::Kind::kTimer, choice.timer->owner, choice.timer->ordinal, anchor, sub);
      break;
    case ChoiceKind::kFault:
      Log(LoggedException::Kind::kFault, choice.fault->owner, choice.fault->ordinal, anchor, sub);
      break;
    case ChoiceKind::kHold:
      Log(LoggedException::Kind::kHold, choice.task->id, 0, anchor, sub);
      break;
  }
  return choice;
}

void Simulator::Before(const Operation& op) {
  BeginUntracked();
  SimTask* self = current_;
  self->operation = &op;
  ++self->op;
  self->sub = 0;
  progress_.store(progress_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (++steps >= step_gate_) [[unlikely]]
    AtStepGate();
  if (observer_ != nullptr) [[unlikely]]
    observer_->OnBefore(*self, op);
  if (!op.preempts) return;
  if (!held_.empty() && steps - oldest_hold_ > kHoldSteps) ReleaseOldHolds();
  if (!faults_.empty()) DropSpentFaults();
  if (Alone()) return;
  for (;;) {
    Choice canonical = Choice::Task(self);
    if (self->slice < kSlice) {
      ++self->slice;
    } else {  // Its turn is over; if nobody else can run, the next begins.
      self->slice = 0;
      ++turns_;
      if (!ready_.empty() || turns_ > 1) canonical = CanonicalNext();
      if (canonical.kind == ChoiceKind::kTask && canonical.task == nullptr) canonical.task = self;
    }
    if (decider_->quiet > 0 && canonical == Choice::Task(self)) {
      --decider_->quiet;
      ++self->sub;  // As if it had been asked.
      return;
    }
    const Choice choice = Decide(self, &op, canonical, false);
    switch (choice.kind) {
      case ChoiceKind::kTask:
        if (choice.task == self) return;
        TakeFromReady(choice.task);
        MakeReady(self);
        self->frame = __builtin_frame_address(0);
        return SwitchTo(choice.task);
      case ChoiceKind::kTimer:
        Fire(choice.timer);
        if (!faults_.empty()) DropSpentFaults();
        break;
      case ChoiceKind::kFault:
        FireFault(choice.fault);
        DropSpentFaults();
        break;
      case ChoiceKind::kHold: {
        Hold(self);
        self->frame = __builtin_frame_address(0);
        SimTask* next = NextTask();
        if (next != self) SwitchTo(next);
        return;
      }
    }
  }
}

void Simulator::After(const Operation& op, std::uint32_t outcome) {
  SimTask* self = current_;
  self->operation = nullptr;
  self->last_kind = op.kind;
  self->last_site.Set(op.site);
  std::uint64_t word = self->path_hash + (static_cast<std::uint64_t>(op.kind) << 32 | outcome);
  if (op.object != nullptr) word ^= op.object->name_hash;
  Mix(word);
  if (observer_ != nullptr) [[unlikely]]
    observer_->OnAfter(*self, op, outcome);
  EndUntracked();
}

void Simulator::Park(const Operation& op) {
  SimTask* self = current_;
  self->frame = __builtin_frame_address(0);
  self->operation = &op;  // An operation within this one may have come and gone.
  if (self->unparked) {
    self->unparked = false;
    return;
  }
  self->state = SimTask::State::kBlocked;
  self->blocked_since = now_;
  self->blocked_step = steps;
  self->last_kind = op.kind;
  self->last_site.Set(op.site);
  taskleak_v1_task* record = self->record;
  taskleak_v1_task_begin_write(record);
  record->state = op.kind == OpKind::kSleep ? taskleak_v1_sleeping : taskleak_v1_blocked;
  record->operation = static_cast<std::uint8_t>(op.kind);
  record->object = op.object != nullptr ? op.object->number : 0;
  record->object_kind = op.object != nullptr ? static_cast<std::uint8_t>(op.object->kind) : 0;
  record->since = now_;
  record->blocked_file = op.site.file;
  record->blocked_line = op.site.line;
  taskleak_v1_task_end_write(record);
  NoteChange(self);
  turns_ = 0;
  Mix(self->path_hash ^ 0x5bd1e995);
  if (observer_ != nullptr) [[unlikely]]
    observer_->OnPark(*self, op);
  SimTask* next = NextTask();
  if (next == nullptr)
    SwitchToHost();
  else if (next != self)
    SwitchTo(next);
  else
    self->slice = 0;
}

void Simulator::Unpark(Task* task) {
  if (over_) return;
  auto* woken = static_cast<SimTask*>(task);
  if (woken->state != SimTask::State::kBlocked) {
    woken->unparked = true;
    return;
  }
  taskleak_v1_task* record = woken->record;
  taskleak_v1_task_begin_write(record);
  record->state = taskleak_v1_runnable;
  record->since = now_;
  taskleak_v1_task_end_write(record);
  NoteChange(woken);
  Mix(woken->path_hash ^ 0x1b873593);
  if (observer_ != nullptr) [[unlikely]]
    observer_->OnUnpark(*woken);
  MakeReady(woken);
}

void Simulator::Yield(const Operation& /*op*/) {
  SimTask* self = current_;
  ++turns_;
  self->frame = __builtin_frame_address(0);
  MakeReady(self);
  SimTask* next = NextTask();
  if (next == self)
    self->slice = 0;
  else
    SwitchTo(next);
}

// Picks the next task to run and takes it off the ready list; the caller's own task may be picked.
SimTask* Simulator::NextTask() {
  if (!held_.empty() && steps - oldest_hold_ > kHoldSteps) ReleaseOldHolds();
  for (;;) {
    if (!faults_.empty()) DropSpentFaults();
    if (ready_.empty()) {
      if (!IdleStep()) return nullptr;
      continue;
    }
    Choice choice = CanonicalNext();
    if (ready_.size() > 1 || !held_.empty() || !faults_.empty() ||
        (!timers_.empty() && decider_->fires_timers_early))
      choice = Decide(nullptr, nullptr, choice, false);
    else if (!timers_.empty())
      ++anchor_->sub;  // As if it had been asked.
    switch (choice.kind) {
      case ChoiceKind::kTask:
        TakeFromReady(choice.task);
        return choice.task;
      case ChoiceKind::kTimer:
        Fire(choice.timer);
        break;
      case ChoiceKind::kFault:
        FireFault(choice.fault);
        break;
      case ChoiceKind::kHold:
        break;  // Nobody is about to act. Deciders do not offer it here.
    }
  }
}

// Whether the clock may jump to the next timer because nothing else can move.
bool Simulator::CanJump() const { return !timers_.empty() && !timers_.OnlyIdle(live_ > 0); }

bool Simulator::IdleStep() {
  const bool can_jump = CanJump();
  Choice choice = Choice::Task(held_.empty() ? nullptr : held_.front());
  if (can_jump) choice = Choice::Timer(timers_.next());
  // What the body allowed may come even now, when all wait.
  if ((can_jump && timers_.SeveralDue()) || !faults_.empty())
    choice = Decide(nullptr, nullptr, choice, true);
  switch (choice.kind) {
    case ChoiceKind::kTimer:
      Fire(choice.timer);
      return true;
    case ChoiceKind::kFault:
      FireFault(choice.fault);
      return true;
    default:
      if (choice.task == nullptr) return false;
      Release(choice.task);
      return true;
  }
}

void Simulator::Fire(TimerNode* timer) {
  now_ = std::max(now_, timer->when);
  timers_.Remove(timer);
  turns_ = 0;
  Mix((static_cast<std::uint64_t>(timer->owner) << 32 | timer->ordinal) * 5);
  if (observer_ != nullptr) observer_->OnTimer(*timer);
  OnItsOwn(timer, [timer] { timer->Fire(); });
  if (observer_ != nullptr) observer_->OnFired();
}

template <class F>
void Simulator::OnItsOwn(const void* cause, F f) {
  if constexpr (!kTsan) return f();
  SanitizerStack own;
  {
    const OnBehalfOf nobody(nobody_);  // Who has done nothing that could order anybody.
    CreateSanitizerStack(own);
  }
  {
    const OnBehalfOf itself(own);
    const Untracked ours;
    OrderAcquire(cause);
    f();
  }
  DestroySanitizerStack(own);
}

void Simulator::FireFault(Fault* fault) {
  Mix((static_cast<std::uint64_t>(fault->owner) << 32 | fault->ordinal) * 7);
  OnItsOwn(fault, [fault] { fault->Fire(); });
  if (observer_ != nullptr) observer_->OnFired();
}

void Simulator::Arm(TimerNode* timer, std::int64_t when) {
  const Untracked ours;
  OrderRelease(timer);
  timer->when = when;
  timers_.Push(timer);
  if (observer_ != nullptr) [[unlikely]]
    observer_->OnArm(*timer);
}

void Simulator::Disarm(TimerNode* timer) {
  const Untracked ours;
  if (!timer->armed()) return;
  timers_.Remove(timer);
  if (observer_ != nullptr) [[unlikely]]
    observer_->OnDisarm(*timer);
}

void Simulator::AdoptTimer(TimerNode* timer) {
  timer->owner = current_->id;
  timer->ordinal = current_->next_timer++;
}

std::uint32_t Simulator::DecideCase(const Operation& op, std::span<const std::uint32_t> ready) {
  if (canonical_only_) return ready[0];
  const std::uint32_t chosen = decider_->Case(current_, op, ready);
  if (chosen != ready[0]) Log(LoggedException::Kind::kCase, 0, chosen, current_, current_->sub);
  return chosen;
}

bool Simulator::DecideFault(const Operation& op) {
  if (canonical_only_ || !options_.kinds.early_return || !decider_->TakeFault(current_, op))
    return false;
  Log(LoggedException::Kind::kEarlyReturn, 0, 1, current_, current_->sub);
  return true;
}

std::int64_t Simulator::DecideData(const Operation& op, std::int64_t lo, std::int64_t hi) {
  const std::int64_t canonical = lo > 0 ? lo : hi < 0 ? hi : 0;
  if (canonical_only_ || !options_.kinds.data) return canonical;
  const std::int64_t value = decider_->Data(current_, op, lo, hi, canonical);
  if (value != canonical) Log(LoggedException::Kind::kData, 0, value, current_, current_->sub);
  return value;
}

void Simulator::ArmFault(Fault* fault, const Site& site) {
  const Untracked ours;
  fault->owner = current_->id;
  fault->ordinal = current_->next_fault++;
  fault->declared_at = site;
  OrderRelease(fault);
  const bool allowed =
      fault->kind() == OpKind::kCancel ? options_.kinds.cancel : options_.kinds.close;
  if (allowed)
    faults_.push_back(fault);
  else
    delete fault;
}

// A task has started, ended or changed its state. Null: root has returned, from which endless runs
// are counted.
void Simulator::NoteChange(SimTask* task) {
  if (task != nullptr && task == changer_ && root_returned_) return;
  changer_ = task;
  change_step_ = steps;
}

void Simulator::NoteCopies(std::uint32_t Object::* noted) {
  for (Object* object = object_first_; object != nullptr; object = object->next)
    object->*noted = object->copies();
}

bool Simulator::Touched(const Object& object) const {
  return object.last_step >= endless_since_ ||
         object.copies() !=
             (result_.end == RunEnd::kStepLimit ? object.copies_at_limit : object.copies_at_change);
}

// Called every so often: at the step limit, and where the run is to be judged endless.
void Simulator::AtStepGate() {
  constexpr std::uint64_t kGate = 4096;
  step_gate_ = steps + kGate;
  if (root_returned_ && copies_noted_step_ <= change_step_) {
    copies_noted_step_ = steps;
    NoteCopies(&Object::copies_at_change);
  }
  if (root_returned_ && steps - change_step_ >= options_.max_steps) {
    endless_since_ = change_step_;
    return EndRun(RunEnd::kLeak);
  }
  if (steps >= 2 * options_.max_steps &&
      (!root_returned_ || steps - root_returned_step_ >= 2 * options_.max_steps)) {
    endless_since_ = steps - options_.max_steps;
    return EndRun(RunEnd::kStepLimit);
  }
  if (steps >= options_.max_steps) {
    if (!canonical_only_) NoteCopies(&Object::copies_at_limit);
    canonical_only_ = true;
    ReleaseOldHolds();
    step_gate_ = std::min(step_gate_, 2 * options_.max_steps);
  } else {
    step_gate_ = std::min(step_gate_, options_.max_steps);
  }
}

// Ends the run from within a task: the host takes over, and comes back to unwind it.
void Simulator::EndRun(RunEnd end) {
  if (!over_) {
    if (result_.end != RunEnd::kMisuse) result_.end = end;
    over_ = true;
  }
  current_->frame = __builtin_frame_address(0);
  SwitchToHost();
}

}  // namespace taskleak::internal
