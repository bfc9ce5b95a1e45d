#include "fuzz/strategies/priority.h"

#include <algorithm>
#include <utility>

namespace taskleak::internal {

void PriorityStrategy::StartCounting() {
  points_ = 0;
  tasks_ = 0;
  helped_ = false;
  fault_at_[0] = fault_at_[1] = UINT64_MAX;
  fires_ = 0;
  next_look_ = kPatience;
  waiting_ = 0;
}

void PriorityStrategy::DrawFaults() {
  if (!kinds_.cancel && !kinds_.close) return;
  const std::uint32_t faults = chance_.Pick({0u, 1u, 1u, 2u});
  for (std::uint32_t i = 0; i < faults; ++i) fault_at_[i] = SomePoint();
}

void PriorityStrategy::OnTask(SimTask* /*task*/, std::uint32_t /*parent*/,
                              std::uint32_t /*ordinal*/) {
  ++tasks_;
}

void PriorityStrategy::End(const RunResult& /*result*/) {
  constexpr std::uint64_t kMost = 1u << 31;  // SomePoint draws from 32 bits.
  const std::uint64_t points = std::clamp<std::uint64_t>(points_, 1, kMost);
  length_ = longest_ == 0 ? points : std::max<std::uint64_t>(1, (7 * length_ + points + 7) / 8);
  longest_ = std::max(longest_, points);
  most_tasks_ = std::max(most_tasks_, tasks_);
}

bool PriorityStrategy::Forced(const SchedulePoint& point, Choice* choice) {
  ++points_;
  for (std::uint64_t& at : fault_at_) {
    if (points_ < at) continue;
    at = UINT64_MAX;
    if (point.faults.empty()) continue;
    *choice = Choice::Fault(point.faults[chance_.Below(point.faults.size())]);
    return true;
  }
  if (point.current != nullptr || !point.ready.empty()) return false;
  *choice = point.timers != nullptr ? Choice::Timer(point.timers->SomeDue(chance_.Next()))
                                    : point.canonical;  // Nothing can run.
  return true;
}

SimTask* PriorityStrategy::Highest(const SchedulePoint& point) {
  SimTask* highest = point.current;
  const std::size_t ready = point.ready.size();
  if (ready > kLook) [[unlikely]] {
    helped_ = true;
    for (std::size_t i = 0; i < kLook; ++i) {
      SimTask* task = point.ready[chance_.Below(ready)];
      if (highest == nullptr || task->priority > highest->priority) highest = task;
    }
  } else {
    for (std::size_t i = 0; i < ready; ++i) {
      SimTask* task = point.ready[i];
      if (highest == nullptr || task->priority > highest->priority) highest = task;
    }
  }
  if (points_ >= next_look_) [[unlikely]]
    HelpTheStarved(point, highest);
  return highest;
}

// From the next point on, the one that has waited all the time since the last look has the
// priority of the one that goes now, and the reverse; and the clock waits for both.
void PriorityStrategy::HelpTheStarved(const SchedulePoint& point, SimTask* highest) {
  next_look_ = points_ + kPatience;
  SimTask* longest = point.ready.longest();
  if (longest == nullptr) {
    waiting_ = 0;
    return;
  }
  if (longest->id == waiting_ && longest->op == waiting_op_) {
    std::swap(longest->priority, highest->priority);
    if (clock_ > longest->priority) clock_ = 0;  // Else one that sleeps in a loop would go on so.
    helped_ = true;
  }
  waiting_ = longest->id;
  waiting_op_ = longest->op;
}

Choice PriorityStrategy::Go(const SchedulePoint& point, SimTask* highest) {
  if (clock_ > highest->priority && point.timers != nullptr) {
    // A ticker that nobody follows would tick for ever.
    if (fires_ < kFires && !point.timers->next()->FiringIsIdle()) {
      ++fires_;
      AfterFiring();
      return Choice::Timer(point.timers->SomeDue(chance_.Next()));
    }
  }
  fires_ = 0;
  return Choice::Task(highest);
}

}  // namespace taskleak::internal
