// One body that somebody else's search runs: libFuzzer's, or that which grows a corpus.
#ifndef TASKLEAK_HARNESS_EXPLORE_FUZZ_SESSION_H_
#define TASKLEAK_HARNESS_EXPLORE_FUZZ_SESSION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/coverage.h"
#include "fuzz/decisions.h"
#include "harness/explore/explorer.h"
#include "taskleak/explore.h"

namespace taskleak::internal {

// Runs schedules one by one, judges them as Explore does, and counts what they did. One at a time
// in a process, on one thread; Explore and Replay wait until it is gone.
class FuzzSession {
 public:
  // `counters`: where coverage is counted, kCoverageCounters of them; none: it is not counted. The
  // caller clears them.
  FuzzSession(Body body, ExploreOptions options, std::span<std::uint8_t> counters);

  // Runs the schedule that these bytes are; every string of bytes is one. False: it failed. Throws
  // UsageError for misuse by the body.
  bool RunPayload(std::string_view payload);
  bool RunSchedule(const Schedule& schedule);
  // Runs what a strategy decides, while `observer`, if there is one, watches too; schedule() then
  // says what that was.
  bool Run(Decider& decider, Observer* observer = nullptr);

  // Of the last run: what else it could have done; what it did otherwise than the canonical one.
  const Decisions& decisions() const { return decisions_; }
  Schedule schedule() const { return explorer_.LastSchedule(); }
  std::uint64_t runs() const { return runs_; }

  // The last run failed, the first to fail: shrinks its schedule (within the options'
  // shrink_budget) and reports it.
  Failure Explain();

 private:
  const SearchLock lock_{"a fuzz session"};
  const ExploreOptions options_;
  Explorer explorer_;
  Decisions decisions_;
  WatchingDecider watching_{decisions_};
  std::optional<Coverage> coverage_;
  std::optional<Explorer::Outcome> failed_;
  std::uint64_t runs_ = 0;
};

// See Explorer::Layout.
std::uint64_t LayoutOf(const Body& body, ExploreOptions options);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_FUZZ_SESSION_H_
