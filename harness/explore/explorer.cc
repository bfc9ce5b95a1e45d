#include "harness/explore/explorer.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "fuzz/decisions.h"
#include "fuzz/recorder.h"
#include "fuzz/replay.h"
#include "harness/explore/gauge.h"
#include "src/runtime/sim/observer_pair.h"
#include "src/runtime/sim/watchdog.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

// Fibers, stacks and records are kept from search to search; made anew when other stack sizes are
// asked for.
Simulator& PooledSimulator(const ExploreOptions& options) {
  static auto* const pooled = new std::unique_ptr<Simulator>;
  static SimulatorOptions sizes;
  // After a flood its memory goes back: the next search may need none of it.
  constexpr std::size_t kFlood = 4096;
  if (*pooled == nullptr || (*pooled)->pooled_tasks() > kFlood ||
      sizes.stack_size != options.stack_size || sizes.root_stack_size != options.root_stack_size) {
    sizes = {options.stack_size, options.root_stack_size};
    pooled->reset();
    *pooled = std::make_unique<Simulator>(sizes);
  }
  return **pooled;
}

}  // namespace

Explorer::Explorer(Body body, ExploreOptions options)
    : body_(std::move(body)),
      options_(std::move(options)),
      environment_(ReadEnvironment()),
      name_(!options_.name.empty() ? options_.name : RunningTest()),
      run_options_{options_.max_steps, ToKinds(options_.faults),
                   options_.teardown == Teardown::kAbandon},
      simulator_(PooledSimulator(options_)) {
  Watchdog::SetLimit(std::chrono::duration_cast<std::chrono::milliseconds>(options_.watchdog));
}

Explorer::Outcome Explorer::Run(
    Decider& decider, Observer* observer,
    const std::function<void(const RunResult&, const Verdict&)>& failing) {
  trap_.Clear();
  Outcome outcome;
  outcome.run = simulator_.Run(body_, decider, run_options_, observer, [&](const RunResult& run) {
    if (run.end == RunEnd::kClean && trap_.results().empty()) [[likely]]
      return;
    outcome.assertions = trap_.results();
    outcome.verdict = Judge(simulator_, run, outcome.assertions);
    outcome.schedule = LastSchedule();
    if (outcome.verdict.has_value() && failing) failing(run, *outcome.verdict);
  });
  if (outcome.run.end == RunEnd::kMisuse) throw UsageError(outcome.run.message);
  return outcome;
}

Schedule Explorer::LastSchedule() const {
  Schedule schedule = ScheduleOf(simulator_.log(), simulator_.paths());
  schedule.max_steps = options_.max_steps;
  schedule.faults = options_.faults;
  return schedule;
}

std::uint64_t Explorer::Layout() {
  Decisions decisions;
  WatchingDecider watching(decisions);
  ReplayDecider canonical{Schedule()};
  decisions.Begin();
  canonical.Begin();
  watching.Begin(canonical);
  const Outcome outcome = Run(watching);
  return watching.layout() ^ outcome.run.trace_hash;
}

std::uint32_t Explorer::TokenLayout() {
  try {
    const std::uint64_t layout = Layout();
    const auto folded = static_cast<std::uint32_t>(layout ^ layout >> 32);
    return folded != 0 ? folded : 1;
  } catch (const UsageError&) {
    return 0;  // The canonical run misuses something. What another one has shown is not lost by it.
  }
}

bool Explorer::StopNow(ExploreResult& result, RealClock::time_point started) {
  if (StopRequested()) {
    result.interrupted = true;
    return true;
  }
  // The clock and the progress display cost more than a run: only now and then.
  constexpr std::uint64_t kEvery = 64;
  constexpr std::uint64_t kEverySteps = 1'000'000;
  if (result.schedules % kEvery != 0 && result.steps - steps_at_check_ < kEverySteps) return false;
  steps_at_check_ = result.steps;
  const std::chrono::duration<double> elapsed = RealClock::now() - started;
  if (options_.budget.count() > 0 && elapsed >= options_.budget) return true;
  if (options_.on_progress &&
      !options_.on_progress(
          {.schedules = result.schedules,
           .schedules_per_second = static_cast<double>(result.schedules) / elapsed.count()})) {
    result.interrupted = true;
    return true;
  }
  return false;
}

ExploreResult Explorer::Search() {
  const auto started = RealClock::now();
  const std::unique_ptr<StrategyDriver> driver =
      MakeStrategy({.strategy = options_.strategy,
                    .seed = options_.seed,
                    .kinds = run_options_.kinds,
                    .max_steps = options_.max_steps,
                    .preemption_bound = options_.preemption_bound});
  ExploreResult result;
  Gauge gauge;
  while (options_.schedules == 0 || result.schedules < options_.schedules) {
    if (!driver->Begin(result.schedules)) {
      result.exhausted = driver->Proven();
      break;
    }
    Recorder recorder(simulator_);
    ObserverPair both(gauge.Watch(driver->observer()), &recorder);
    Outcome outcome = Run(*driver, options_.check_determinism ? &both : both.first(),
                          [&](const RunResult& run, const Verdict& verdict) {
                            if (FirstUnknown(verdict) != nullptr)
                              Announce(run, verdict, result.schedules + 1);
                          });
    driver->End(outcome.run);
    gauge.Count(outcome.run);
    ++result.schedules;
    result.steps += outcome.run.steps;
    result.peak_tasks = std::max(result.peak_tasks, outcome.run.peak_tasks);
    result.recovery = std::max(result.recovery, Duration(outcome.run.recovery));
    result.abandoned += outcome.run.abandoned;
    result.trace_hash = (result.trace_hash ^ outcome.run.trace_hash) * 0x9e3779b97f4a7c15ULL;
    const auto skipped = std::find_if(outcome.assertions.begin(), outcome.assertions.end(),
                                      [](const AssertionResult& a) { return a.skip; });
    if (skipped != outcome.assertions.end() && !outcome.verdict.has_value()) {
      result.skipped = true;
      Forward(outcome);
      break;
    }
    const bool failed = outcome.verdict.has_value();
    const std::uint64_t trace_hash = outcome.run.trace_hash;
    if (failed && FirstUnknown(*outcome.verdict) != nullptr) {
      result.seconds = std::chrono::duration<double>(RealClock::now() - started).count();
      Found(result, std::move(outcome));
      if (!options_.keep_going) {
        result.interrupted = StopRequested();
        break;
      }
    }
    if (options_.check_determinism && !failed && !RepeatsItself(recorder.Take(trace_hash), result))
      break;
    if (StopNow(result, started)) break;
  }
  if (result.failures.empty() || options_.keep_going)
    result.seconds = std::chrono::duration<double>(RealClock::now() - started).count();
  if (result.failures.empty()) {
    // Not counted among the search's own runs; within its budget.
    while (!StopRequested() && driver->BeginCount()) {
      Run(*driver, driver->observer());
      driver->EndCount();
      if (options_.budget.count() > 0 && RealClock::now() - started >= options_.budget) break;
    }
    result.verdict = driver->Verdict();
  }
  result.confidence = gauge.Take(driver->pct_runs());
  return result;
}

ExploreResult Explorer::RunOne(const Schedule& given) {
  ExploreResult result;
  Schedule schedule = given;
  ReplayDecider decider(schedule);
  decider.Begin();
  Outcome outcome = Run(decider);
  if (given.layout != 0) {
    schedule.layout = TokenLayout();
    if (schedule.layout != given.layout) SayLayoutChanged(given, decider.met());
  }
  result.schedules = 1;
  result.steps = outcome.run.steps;
  result.peak_tasks = outcome.run.peak_tasks;
  result.recovery = Duration(outcome.run.recovery);
  result.abandoned = outcome.run.abandoned;
  result.trace_hash = outcome.run.trace_hash;
  if (!outcome.verdict.has_value()) {
    if (!outcome.assertions.empty()) {
      result.skipped = true;
      Forward(outcome);
    }
    return result;
  }
  std::optional<Failure> failure = Record(schedule, outcome.verdict->groups.front());
  if (!failure.has_value()) {
    failure.emplace();
    failure->kind = FailureKind::kNondeterminism;
    failure->schedule = schedule;
    failure->message = WhyNotTwice("one schedule, run twice, gave two different traces", schedule);
  }
  failure->found_after = 1;
  failure->body = name_;
  failure->replay_line = ReplayLine(failure->schedule);
  Report(*failure);
  Forward(outcome);
  result.failure = *failure;
  result.failures.push_back(*std::move(failure));
  return result;
}

void Explorer::Forward(const Outcome& outcome) {
  for_test_.insert(for_test_.end(), outcome.assertions.begin(), outcome.assertions.end());
}

// The most telling group of tasks that no failure before has shown; null if all are known.
const Signature* Explorer::FirstUnknown(const Verdict& verdict) const {
  for (const Signature& group : verdict.groups)
    if (!known_.contains(group)) return &group;
  return nullptr;
}

void Explorer::Found(ExploreResult& result, Outcome outcome) {
  const Signature signature = *FirstUnknown(*outcome.verdict);
  known_.insert(signature);
  Failure failure;
  const Schedule reduced = Reduce(outcome.schedule, signature, result, failure);
  std::optional<Failure> recorded = Record(reduced, signature);
  if (recorded.has_value()) recorded->schedule.layout = TokenLayout();
  if (recorded.has_value()) {
    recorded->minimal = failure.minimal;
    failure = *std::move(recorded);
  } else {
    failure.kind = FailureKind::kNondeterminism;
    failure.schedule = outcome.schedule;
    failure.message = WhyNotTwice(std::string("a schedule that showed a ") +
                                      ToString(outcome.verdict->kind) + " did not show it again",
                                  outcome.schedule);
  }
  failure.found_after = result.schedules;
  failure.out_of = options_.schedules;
  failure.entries_before_shrinking = outcome.schedule.size();
  failure.body = name_;
  failure.replay_line = ReplayLine(failure.schedule);
  Report(failure);
  // What the test is told: the assertions as they are under the shrunk schedule; if the body does
  // not repeat them, as they were when they were found.
  std::vector<AssertionResult> assertions =
      last_recorded_.empty() ? std::move(outcome.assertions) : std::move(last_recorded_);
  if (!assertions.empty()) {
    assertions.front().message += "\n" + failure.Summary() + "\n" + failure.replay_line;
    for_test_.insert(for_test_.end(), assertions.begin(), assertions.end());
  }
  if (!result.failure.has_value()) result.failure = failure;
  result.failures.push_back(std::move(failure));
}

std::optional<Failure> Explorer::Record(const Schedule& schedule, const Signature& signature) {
  Failure failure;
  bool same = false;
  ReplayDecider decider(schedule);
  decider.Begin();
  Recorder recorder(simulator_);
  const Outcome recorded =
      Run(decider, &recorder, [&](const RunResult& run, const Verdict& verdict) {
        same = std::find(verdict.groups.begin(), verdict.groups.end(), signature) !=
               verdict.groups.end();
        failure.kind = verdict.kind;
        failure.leaked = Culprits(simulator_, run, verdict.kind);
        failure.message = run.message;
      });
  last_recorded_.clear();
  if (!same) return std::nullopt;
  // Once more without the recorder: the same, or the body is not to be trusted.
  decider.Begin();
  const Outcome again = Run(decider);
  if (again.run.trace_hash != recorded.run.trace_hash) return std::nullopt;
  for (const AssertionResult& assertion : recorded.assertions) {
    if (assertion.skip) continue;
    if (!failure.message.empty()) failure.message += "\n";
    failure.message +=
        assertion.file + ":" + std::to_string(assertion.line) + ": " + assertion.message;
  }
  // What shows beside it even now is the same failure.
  known_.insert(recorded.verdict->groups.begin(), recorded.verdict->groups.end());
  last_recorded_ = recorded.assertions;
  std::erase_if(last_recorded_, [](const AssertionResult& a) { return a.skip; });
  failure.abandoned = recorded.run.abandoned;
  failure.trace = recorder.Take(recorded.run.trace_hash);
  failure.schedule = schedule;
  return failure;
}

}  // namespace taskleak::internal
