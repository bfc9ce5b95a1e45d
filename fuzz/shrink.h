// From a failing schedule to the few decisions that matter.
#ifndef TASKLEAK_FUZZ_SHRINK_H_
#define TASKLEAK_FUZZ_SHRINK_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "taskleak/schedule.h"

namespace taskleak::internal {

struct ShrinkHooks {
  // Whether a schedule still shows the same failure. Knows what a failure is; the shrinker does
  // not.
  std::function<bool(const Schedule&)> fails;
  // Holds that could stand for several entries: one for each operation of the schedule's run. May
  // be empty.
  std::function<std::vector<ScheduleEntry>(const Schedule&)> holds;
  // Asked before every trial; false ends it with the best so far.
  std::function<bool(const Schedule& best)> may_go_on;
};

struct ShrinkResult {
  Schedule schedule;
  // No single entry can be left out, and no choice lowered by one: data and cases towards 0, which
  // of a task's children runs, which of its timers fires or of its faults happens towards the
  // first. Else it was ended before.
  bool minimal = false;
  std::uint64_t trials = 0;
};

// Removes entries by bisection (delta debugging: Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input", 2002), tries to say with one hold what needs many switches, lowers
// choices. Deterministic but for may_go_on.
ShrinkResult Shrink(const Schedule& schedule, const ShrinkHooks& hooks);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_SHRINK_H_
