// From what a schedule showed to the few decisions that matter.
#include <algorithm>
#include <utility>
#include <vector>

#include "fuzz/recorder.h"
#include "fuzz/replay.h"
#include "fuzz/shrink.h"
#include "harness/explore/explorer.h"

namespace taskleak::internal {

Schedule Explorer::Reduce(const Schedule& schedule, const Signature& signature,
                          ExploreResult& result, Failure& failure) {
  const auto deadline = RealClock::now() + options_.shrink_budget;
  const auto shows_it = [&](const Schedule& candidate) {
    ReplayDecider decider(candidate);
    decider.Begin();
    const Outcome outcome = Run(decider);
    return outcome.verdict.has_value() &&
           std::find(outcome.verdict->groups.begin(), outcome.verdict->groups.end(), signature) !=
               outcome.verdict->groups.end();
  };
  // Not reproducible at all: nothing to shrink, and said so by the caller.
  if (options_.shrink_budget.count() == 0 || !shows_it(schedule)) return schedule;
  ShrinkHooks hooks;
  hooks.fails = shows_it;
  hooks.holds = [&](const Schedule& best) {
    ReplayDecider decider(best);
    decider.Begin();
    Recorder recorder(simulator_, 4096);
    const Outcome outcome = Run(decider, &recorder);
    const Trace trace = recorder.Take(outcome.run.trace_hash);
    std::vector<ScheduleEntry> holds;
    if ((options_.faults & kHolds) == 0) return holds;
    for (const TraceEvent& event : trace.events) {
      if (event.kind != TraceEvent::Kind::kOperation && event.kind != TraceEvent::Kind::kPark)
        continue;
      ScheduleEntry hold;
      hold.task = trace.tasks[event.task - 1].path;
      hold.op = event.op;
      hold.kind = ScheduleEntry::Kind::kHold;
      if (std::find(holds.begin(), holds.end(), hold) == holds.end()) holds.push_back(hold);
      if (holds.size() >= 512) break;
    }
    return holds;
  };
  std::uint64_t trials = 0;
  hooks.may_go_on = [&](const Schedule& best) {
    if (StopRequested() || RealClock::now() >= deadline) return false;
    return ++trials % 64 != 0 || !options_.on_progress ||
           options_.on_progress(
               {.schedules = result.schedules, .shrinking = true, .entries = best.size()});
  };
  ShrinkResult shrunk = Shrink(schedule, hooks);
  failure.minimal = shrunk.minimal;
  return std::move(shrunk.schedule);
}

}  // namespace taskleak::internal
