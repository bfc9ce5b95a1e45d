#include "fuzz/strategies/pct.h"

#include <algorithm>

namespace taskleak::internal {

bool PctStrategy::Begin(std::uint64_t index) {
  chance_.Begin(seed_, index);
  StartCounting();
  // The first measures how long a run is.
  undisturbed_ = index == 0 || chance_.Below(10) == 0;
  const std::uint32_t least = undisturbed_ ? 1 : 2;  // Without a change there is little to starve.
  depth_ = least + static_cast<std::uint32_t>(chance_.Below(kMaxDepth + 1 - least));
  change_count_ = next_change_ = 0;
  drawn_over_ = undisturbed_ ? std::max<std::uint64_t>(longest_, 1) : length_;
  if (undisturbed_) {
    LeaveUndisturbed();
    clock_ = kNever;
  } else {
    DrawDisturbances();
    DrawFaults();
    clock_ = kNever;
    std::uint32_t clock_changes = 0;
    if (kinds_.early_timers) {
      clock_ =
          chance_.Below(8) == 0 ? chance_.Next() | kTaskBit : chance_.Pick({kBelowTasks, kNever});
      clock_changes = chance_.Pick({0u, 1u, 1u, 1u, 1u, 1u});
    }
    for (std::uint32_t i = 0; i < clock_changes; ++i) AddChange({SomePoint(), 0});
  }
  for (std::uint32_t i = 1; i < depth_; ++i) AddChange({1 + chance_.Below(drawn_over_), i});
  fires_timers_early = !undisturbed_;
  return true;
}

void PctStrategy::AddChange(Change change) {
  std::uint32_t i = change_count_++;
  for (; i > 0 && changes_[i - 1].at > change.at; --i) changes_[i] = changes_[i - 1];
  changes_[i] = change;
}

void PctStrategy::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) {
  PriorityStrategy::OnTask(task, parent, ordinal);
  task->priority = chance_.Next() | kTaskBit;
}

void PctStrategy::End(const RunResult& result) {
  PriorityStrategy::End(result);
  // Of a run that was longer than what its changes were drawn over, nothing is promised.
  if (!undisturbed_ || helped_ || points_ > drawn_over_) return;
  if (depth_ <= PctRuns::kDepths) ++undisturbed_runs_.runs[depth_ - 1];
  undisturbed_runs_.tasks = std::max(undisturbed_runs_.tasks, tasks_);
  undisturbed_runs_.points = std::max(undisturbed_runs_.points, drawn_over_);
}

Choice PctStrategy::Schedule(const SchedulePoint& point) {
  Choice choice;
  if (Forced(point, &choice)) return choice;
  SimTask* highest = Highest(point);
  for (; next_change_ < change_count_ && points_ >= changes_[next_change_].at; ++next_change_) {
    if (const std::uint64_t priority = changes_[next_change_].priority; priority != 0) {
      highest->priority = priority;
      highest = Highest(point);
    } else {
      clock_ = clock_ == kAlways ? kNever : kAlways;
    }
  }
  // All that can run have given way since something last blocked: time goes by.
  if (!undisturbed_ && point.canonical.kind == ChoiceKind::kTimer) return point.canonical;
  return Go(point, highest);
}

}  // namespace taskleak::internal
