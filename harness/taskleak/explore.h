// Runs a body under many schedules on the simulator.
#ifndef TASKLEAK_EXPLORE_H_
#define TASKLEAK_EXPLORE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "taskleak/clock.h"
#include "taskleak/failure.h"
#include "taskleak/schedule.h"
#include "taskleak/strategy.h"

namespace taskleak {

// Run anew, as the root task, for each schedule. It must do the same each time, but for what the
// schedule decides: no state kept between runs, no real clock, no real threads.
using Body = std::function<void()>;

enum class Teardown {
  kUnwind,   // Leaked tasks are unwound, their destructors run.
  kAbandon,  // They are left as they stand: for bodies whose destructors touch what is dead.
};

// Told now and then how a search goes, between two runs; false ends the search.
struct Progress {
  std::uint64_t schedules = 0;
  double schedules_per_second = 0;
  bool shrinking = false;
  std::size_t entries = 0;  // Of the failing schedule, while shrinking.
};

struct ExploreOptions {
  Strategy strategy = Strategy::kPortfolio;
  std::uint64_t schedules = 10'000;   // 0: no limit.
  std::uint64_t seed = 1;             // Of the search; each schedule has its own, derived from it.
  std::uint64_t max_steps = 100'000;  // Operations in one run.
  Duration budget{0};  // Real time for the search; 0: no limit. The first limit reached ends it.

  bool keep_going = false;           // All distinct failures, instead of the first.
  std::uint8_t faults = kAllFaults;  // What the schedule may do: FaultBits.
  Duration shrink_budget = std::chrono::seconds(10);  // Real time; 0: failures are not shrunk.
  std::size_t stack_size = 256 << 10;                 // Bytes, of each task.
  std::size_t root_stack_size = 1 << 20;
  Teardown teardown = Teardown::kUnwind;
  Duration watchdog = std::chrono::seconds(
      5);                 // Real time without a step that is taken for a blocked thread; 0: never.
  bool quiet = false;     // Nothing on standard error, no file: the caller does it all.
  std::string name = {};  // For reports; empty: the running test's.
  std::function<bool(const Progress&)> on_progress = {};
  // Of Strategy::kExhaustive: how often a schedule may take a task off the processor that could go
  // on. Bounds the search, and the verdict says so.
  std::optional<int> preemption_bound = {};
  // Runs each schedule twice. A body that does not do the same again, since it reads a real clock,
  // a random device or an address, is a failure (kNondeterminism) that says where the two runs
  // part. Costs five times the time, so for once in a while.
  bool check_determinism = false;
};

// What it means that a search found nothing. A search is a sample: this says of how much.
struct Confidence {
  static constexpr int kDepths = 3;

  std::uint64_t schedules = 0;   // Run.
  std::uint64_t traces = 0;      // Different ones among them,
  bool traces_at_least = false;  // and perhaps more: so many are remembered.

  // Pairs of consecutive operations on one object, told apart by what they are and where: how many
  // different ones were seen in a sample of the runs, and in which of the sampled runs, from 1, the
  // last that was new. Long before the last run: there is little left to meet.
  std::uint64_t sampled = 0;
  std::uint64_t pairs = 0;
  std::uint64_t last_new_pair = 0;

  // Runs of PCT that nothing disturbed (no fault, no early timer, no task helped past a spinning
  // one), by depth from 1 on; and the most tasks and points of decision they were drawn over.
  std::uint64_t pct_runs[kDepths] = {};
  std::uint32_t pct_tasks = 0;
  std::uint64_t pct_points = 0;

  // The probability, at most, that those runs of this depth all missed a bug that needs so many
  // orderings: (1 - 1 / (n k^(depth-1)))^runs for n tasks and k points (Burckhardt et al., ASPLOS
  // 2010). Empty where there were none.
  std::optional<double> Missed(int depth) const;

  // One line.
  std::string Text() const;
};

struct ExploreResult {
  std::uint64_t schedules =
      0;                   // Run, up to and including the failing one; shrinking is not counted.
  bool exhausted = false;  // Every schedule was explored: a body without failure has none.
  std::optional<Failure> failure;

  std::vector<Failure> failures;  // With keep_going: all distinct ones; else what `failure` holds.
  bool skipped = false;           // The body skipped its test.
  bool interrupted = false;       // RequestStop, or on_progress said so.
  std::uint64_t steps = 0;        // In all runs.
  std::uint32_t peak_tasks = 0;   // Alive at once, in any run.
  std::uint64_t abandoned = 0;    // Tasks that could not be unwound, in all runs.
  std::uint64_t trace_hash = 0;   // Of all traces, in order: equal for equal seeds, in every build.
  double seconds = 0;             // Real time of the search.
  // Of the runs without a failure, the longest virtual time from root's return to the last task's
  // end.
  Duration recovery{0};
  // Of Strategy::kExhaustive, if nothing failed: whether that is proven, and for which domain, or
  // what bounded the search. A sentence.
  std::string verdict = {};
  Confidence confidence;
};

// Searches for a schedule under which the body fails. A failure is written, before anything of its
// run is unwound, to standard error and to a file, then shrunk, then reported in full. The body's
// own GoogleTest failures are taken as failures of the schedule; they reach the test once, after
// shrinking. Other failures do not fail the test: the caller decides (EXPECT_FALSE(result.failure)
// << result.failure->Text()). With TASKLEAK_REPLAY=TOKEN in the environment it replays that
// schedule instead. Throws UsageError, whatever the body does about it: for a nested call, for
// misuse by the body, for a bad token.
ExploreResult Explore(Body body, ExploreOptions options = {});

// Runs one schedule. A schedule that does not fail gives a result without failure.
ExploreResult Replay(Body body, Schedule schedule, ExploreOptions options = {});

// Ends all searches at their next schedule; what was found so far is still shrunk and reported.
// Async-signal-safe.
void RequestStop() noexcept;
// Takes it back, for the next search.
void ClearStop() noexcept;

}  // namespace taskleak

#endif  // TASKLEAK_EXPLORE_H_
