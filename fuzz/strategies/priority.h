// What the strategies share that let the highest priority go: tasks and the clock are their
// entities.
#ifndef TASKLEAK_FUZZ_STRATEGIES_PRIORITY_H_
#define TASKLEAK_FUZZ_STRATEGIES_PRIORITY_H_

#include <cstddef>
#include <cstdint>

#include "fuzz/strategies/disturber.h"

namespace taskleak::internal {

// The clock competes like a task: while every task that can run has a lower priority, the next
// timer fires before them. That is what starves a task "behind the timers"; a hold is not needed.
// A yield or a sleep demotes nobody: with the usual rule, which does that to get past spinning
// tasks, a starved worker is never found.
//
// Never asks for `quiet`: that a task has parked is not told where one other can run, and with it
// another would be to go before what is canonical.
//
// Invariants:
//  1. The task that has waited longest takes, within 2 * kPatience points of decision, the place
//  of one that goes: neither a spinning task nor the clock starves anybody for ever.
//  2. The clock goes at most kFires times in a row before tasks that can run.
//  3. A point costs at most kLook looks at tasks, however many can run: of more, the highest of a
//  random sample goes.
class PriorityStrategy : public DisturbingStrategy {
 public:
  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  void End(const RunResult& result) override;

 protected:
  using DisturbingStrategy::DisturbingStrategy;

  static constexpr std::uint64_t kPatience = 1000;
  static constexpr std::uint32_t kFires = 64;
  static constexpr std::size_t kLook = 64;

  // In Begin: what is counted begins anew.
  void StartCounting();
  // Up to two points at which a cancel or a close is to happen, if the body allows one there.
  void DrawFaults();
  // First at each point of decision. True: *choice is forced, by a fault that is due or because
  // only timers can go.
  bool Forced(const SchedulePoint& point, Choice* choice);
  // Of the tasks that can run, the current one included. Not null where Forced is false.
  SimTask* Highest(const SchedulePoint& point);
  // The task goes, unless the clock has a higher priority.
  Choice Go(const SchedulePoint& point, SimTask* highest);
  // Its pending firing is done: what priority the next has.
  virtual void AfterFiring() {}

  // In [1, typical length of a run].
  std::uint64_t SomePoint() { return 1 + chance_.Below(length_); }

  std::uint64_t clock_ = 0;   // The clock's priority; 0: no timer is early.
  std::uint64_t points_ = 0;  // Of decision, in this run.
  std::uint32_t tasks_ = 0;   // Started in this run.
  // In this run a task was helped by invariant 1, or a sample stood for all.
  bool helped_ = false;
  std::uint64_t length_ = 64;  // Points in a run: a moving average.
  std::uint64_t longest_ = 0;  // The most, and the most tasks.
  std::uint32_t most_tasks_ = 0;

 private:
  void HelpTheStarved(const SchedulePoint& point, SimTask* highest);

  std::uint64_t fault_at_[2] = {};
  std::uint32_t fires_ = 0;  // In a row.
  std::uint64_t next_look_ = 0;
  std::uint32_t waiting_ =
      0;  // Who had waited longest at the last look, and before which operation.
  std::uint32_t waiting_op_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_PRIORITY_H_
