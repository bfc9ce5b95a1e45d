// One search, from its first run to its last report.
#ifndef TASKLEAK_HARNESS_EXPLORE_EXPLORER_H_
#define TASKLEAK_HARNESS_EXPLORE_EXPLORER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/strategies/driver.h"
#include "harness/explore/environment.h"
#include "harness/explore/judge.h"
#include "harness/gtest/assertions.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/explore.h"

namespace taskleak::internal {

// RequestStop was called, and no ClearStop since.
bool StopRequested() noexcept;

// Held for as long as an Explorer lives: one simulation at a time in a process, a second thread
// waits for its turn. Throws UsageError, which names the caller, inside a run or another search of
// the same thread.
class SearchLock {
 public:
  explicit SearchLock(const char* caller);
  ~SearchLock();
  SearchLock(const SearchLock&) = delete;
  SearchLock& operator=(const SearchLock&) = delete;
};

// Lives for one search, on its thread: a call of Explore or Replay, or a FuzzSession.
class Explorer {
 public:
  Explorer(Body body, ExploreOptions options);

  struct Outcome {
    RunResult run;
    std::optional<Verdict> verdict;
    Schedule schedule;
    std::vector<AssertionResult> assertions;
  };

  ExploreResult Search();
  ExploreResult RunOne(const Schedule& given);
  // One run. `failing` is called at its end before anything is unwound, if it failed.
  Outcome Run(Decider& decider, Observer* observer = nullptr,
              const std::function<void(const RunResult&, const Verdict&)>& failing = {});
  // Shrinks and reports what a schedule showed: a verdict none of whose groups is known already.
  void Found(ExploreResult& result, Outcome outcome);
  // What the running test is to be told, as if it had run the failing schedule by itself.
  std::vector<AssertionResult> TakeForTest() { return std::move(for_test_); }
  // Of the last run: how its tasks came to be, and what it did otherwise than the canonical one.
  std::span<const PathNode> paths() const { return simulator_.paths(); }
  Schedule LastSchedule() const;
  // What was decided in the body's canonical run, which it makes for that, and the trace that came
  // of it. Schedules kept for one layout need not mean the same under another.
  std::uint64_t Layout();

 private:
  using RealClock = std::chrono::steady_clock;

  bool StopNow(ExploreResult& result, RealClock::time_point started);
  const Signature* FirstUnknown(const Verdict& verdict) const;
  Schedule Reduce(const Schedule& schedule, const Signature& signature, ExploreResult& result,
                  Failure& failure);
  // The failure under a schedule, recorded; nothing if it does not fail the same way.
  std::optional<Failure> Record(const Schedule& schedule, const Signature& signature);
  // Whether the last run's schedule gives the same trace again. If not, that is reported as a
  // failure.
  bool RepeatsItself(const Trace& first, ExploreResult& result);
  // A sentence for a body that is not the same each time: what came of it, where two runs of the
  // schedule part if they do, and what to look for.
  std::string WhyNotTwice(const std::string& what, const Schedule& schedule);
  // The layout as a token carries it; 0: it cannot be told.
  std::uint32_t TokenLayout();
  // Says that the body has another layout than the schedule was found with, and that the run came
  // to `met` of its decisions. No error: a mended body is one, and its leak is replayed to see that
  // it is gone.
  void SayLayoutChanged(const Schedule& schedule, std::size_t met) const;
  Trace RecordedReplay(const Schedule& schedule);
  void Announce(const RunResult& run, const Verdict& verdict, std::uint64_t found_after);
  void Report(const Failure& failure);
  void Forward(const Outcome& outcome);
  std::string ReplayLine(const Schedule& schedule) const;

  const Body body_;
  const ExploreOptions options_;
  const Environment environment_;
  const std::string name_;
  const RunOptions run_options_;
  Simulator& simulator_;
  AssertionTrap trap_;
  std::vector<AssertionResult> for_test_;
  std::vector<AssertionResult> last_recorded_;  // What Record's run asserted.
  std::uint64_t steps_at_check_ = 0;
  std::set<Signature> known_;  // With keep_going.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_EXPLORER_H_
