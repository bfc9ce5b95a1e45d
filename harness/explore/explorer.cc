#include "harness/explore/explorer.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <mutex>
#include <utility>

#include "fuzz/recorder.h"
#include "fuzz/replay.h"
#include "fuzz/shrink.h"
#include "harness/explore/gauge.h"
#include "harness/report/files.h"
#include "src/runtime/sim/watchdog.h"
#include "src/stack/frame.h"
#include "taskleak/error.h"

namespace taskleak {
namespace internal {
namespace {

std::atomic<bool> g_stop{false};

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

bool Explorer::StopNow(ExploreResult& result, RealClock::time_point started) {
  if (g_stop.load(std::memory_order_relaxed)) {
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
    Outcome outcome = Run(*driver, gauge.Watch(driver->observer()),
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
    if (outcome.verdict.has_value() && FirstUnknown(*outcome.verdict) != nullptr) {
      result.seconds = std::chrono::duration<double>(RealClock::now() - started).count();
      Found(result, std::move(outcome));
      if (!options_.keep_going) {
        result.interrupted = g_stop.load(std::memory_order_relaxed);
        break;
      }
    }
    if (StopNow(result, started)) break;
  }
  if (result.failures.empty()) result.verdict = driver->Verdict();
  result.confidence = gauge.Take(driver->pct_runs());
  if (result.failures.empty() || options_.keep_going)
    result.seconds = std::chrono::duration<double>(RealClock::now() - started).count();
  return result;
}

ExploreResult Explorer::RunOne(const Schedule& schedule) {
  ExploreResult result;
  ReplayDecider decider(schedule);
  decider.Begin();
  Outcome outcome = Run(decider);
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
    failure->message =
        "one schedule, run twice, gave two different traces: the body keeps state between runs (a "
        "static it "
        "changes), or uses a real clock, real threads, addresses or random numbers";
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
  if (recorded.has_value()) {
    recorded->minimal = failure.minimal;
    failure = *std::move(recorded);
  } else {
    failure.kind = FailureKind::kNondeterminism;
    failure.schedule = outcome.schedule;
    failure.message = std::string("a schedule that showed a ") + ToString(outcome.verdict->kind) +
                      " did not show it again: the body keeps state between runs (a static it "
                      "changes), or uses a real clock, real "
                      "threads, addresses or random numbers. Make it the same each time, and what "
                      "it showed can be trusted";
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
    if (g_stop.load(std::memory_order_relaxed) || RealClock::now() >= deadline) return false;
    return ++trials % 64 != 0 || !options_.on_progress ||
           options_.on_progress(
               {.schedules = result.schedules, .shrinking = true, .entries = best.size()});
  };
  ShrinkResult shrunk = Shrink(schedule, hooks);
  failure.minimal = shrunk.minimal;
  return std::move(shrunk.schedule);
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

std::string Explorer::ReplayLine(const Schedule& schedule) const {
  const std::string token = schedule.Token();
  const std::string test = RunningTest();
  if (!test.empty())
    return "TASKLEAK_REPLAY=" + token + " " + ProgramName() + " --gtest_filter=" + test;
  return "--replay=" + token;
}

// The first word of a failure, while its tasks still stand: unwinding them may end the process.
void Explorer::Announce(const RunResult& run, const Verdict& verdict, std::uint64_t found_after) {
  if (options_.quiet) return;
  const Schedule schedule = LastSchedule();
  const Signature& first = verdict.groups.front();
  std::string text = std::string("taskleak: ") + ToString(verdict.kind) + " in schedule " +
                     std::to_string(found_after) + " (" + std::to_string(schedule.size()) +
                     (schedule.size() == 1 ? " decision)" : " decisions)");
  if (!first.operation.empty())
    text += ", " + first.operation + " at " + std::string(Basename(first.blocked_at));
  if (!run.message.empty()) text += ": " + run.message;
  text += "; shrinking it";
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
  WriteFailureFile(environment_.report_dir, name_, ".token",
                   ReplayLine(schedule) + "\n" + text + "\n");
}

void Explorer::Report(const Failure& failure) {
  if (options_.quiet) return;
  const std::string text = failure.Text();
  std::fputs(text.c_str(), stderr);
  const std::string file =
      WriteFailureFile(environment_.report_dir, name_, ".token", failure.replay_line + "\n");
  if (!file.empty()) std::fprintf(stderr, "The token is in %s.\n", file.c_str());
  WriteFailureFile(environment_.report_dir, name_, ".txt", text);
  std::fflush(stderr);
}

namespace {

// Constant-initialized, so that there is no first use for two threads to meet at; it has nothing to
// destroy.
constinit std::mutex g_one_at_a_time;

// Set while this thread explores: also between two runs, in a callback.
thread_local bool t_exploring = false;

}  // namespace

SearchLock::SearchLock(const char* caller) {
  if (InRun() || t_exploring) {
    const std::string sentence = std::string(caller) +
                                 " was called inside a run; call it outside the body, which is "
                                 "itself run under many schedules";
    if (t_state.runtime != nullptr) t_state.runtime->NoteMisuse(sentence.c_str());
    throw UsageError(sentence);
  }
  g_one_at_a_time.lock();
  t_exploring = true;
}

SearchLock::~SearchLock() {
  t_exploring = false;
  g_one_at_a_time.unlock();
}

}  // namespace internal

namespace {

// What the body's assertions said reaches the test when the explorer, which traps them, is gone.
template <class F>
ExploreResult WithExplorer(const char* caller, Body body, ExploreOptions options, F search) {
  const internal::SearchLock lock(caller);
  std::vector<internal::AssertionResult> for_test;
  ExploreResult result;
  {
    internal::Explorer explorer(std::move(body), std::move(options));
    result = std::invoke(search, explorer);
    for_test = explorer.TakeForTest();
  }
  for (const internal::AssertionResult& assertion : for_test) internal::ForwardToTest(assertion);
  return result;
}

}  // namespace

ExploreResult Explore(Body body, ExploreOptions options) {
  const std::optional<std::string> token = internal::ReadEnvironment().replay;
  if (token.has_value() && !internal::InRun())
    return Replay(std::move(body), Schedule::FromToken(*token), std::move(options));
  return WithExplorer("Explore", std::move(body), std::move(options), &internal::Explorer::Search);
}

ExploreResult Replay(Body body, Schedule schedule, ExploreOptions options) {
  options.max_steps = schedule.max_steps;
  options.faults = schedule.faults;
  return WithExplorer("Replay", std::move(body), std::move(options),
                      [&](internal::Explorer& explorer) { return explorer.RunOne(schedule); });
}

void RequestStop() noexcept { internal::g_stop.store(true, std::memory_order_relaxed); }
void ClearStop() noexcept { internal::g_stop.store(false, std::memory_order_relaxed); }

}  // namespace taskleak
