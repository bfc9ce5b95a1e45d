// Whether a body does the same under the same schedule.
#include <string>
#include <utility>

#include "fuzz/recorder.h"
#include "fuzz/replay.h"
#include "harness/explore/explorer.h"
#include "harness/report/divergence.h"

namespace taskleak::internal {

Trace Explorer::RecordedReplay(const Schedule& schedule) {
  ReplayDecider decider(schedule);
  decider.Begin();
  Recorder recorder(simulator_);
  const Outcome outcome = Run(decider, &recorder);
  return recorder.Take(outcome.run.trace_hash);
}

bool Explorer::RepeatsItself(const Trace& first, ExploreResult& result) {
  const Schedule schedule = LastSchedule();
  const Trace second = RecordedReplay(schedule);
  if (first.hash == second.hash) return true;
  Failure failure;
  failure.kind = FailureKind::kNondeterminism;
  failure.schedule = schedule;
  failure.message =
      "one schedule, run twice, gave two different traces: " + TellDivergence(first, second) +
      ". " + kWhatToLookFor;
  failure.found_after = result.schedules;
  failure.out_of = options_.schedules;
  failure.entries_before_shrinking = schedule.size();
  failure.body = name_;
  failure.replay_line = ReplayLine(schedule);
  Report(failure);
  if (!result.failure.has_value()) result.failure = failure;
  result.failures.push_back(std::move(failure));
  return false;
}

std::string Explorer::WhyNotTwice(const std::string& what, const Schedule& schedule) {
  const Trace first = RecordedReplay(schedule);
  const Trace second = RecordedReplay(schedule);
  std::string text = what;
  if (first.hash != second.hash) text += ": " + TellDivergence(first, second);
  return text + ". " + kWhatToLookFor;
}

}  // namespace taskleak::internal
