// Probabilistic concurrency testing: few changes of priority.
#ifndef TASKLEAK_FUZZ_STRATEGIES_PCT_H_
#define TASKLEAK_FUZZ_STRATEGIES_PCT_H_

#include <cstdint>

#include "fuzz/strategies/priority.h"

namespace taskleak::internal {

// Each task has a random priority, and the highest that can run goes; at d - 1 random points, the
// points of change, the task that is about to go falls behind all others for good. Burckhardt,
// Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
// Bugs", ASPLOS 2010. The depth d is drawn for each schedule, from 1 to 5.
//
// What it guarantees: a bug that needs d orderings of operations, in a body of n tasks and k points
// of decision, is found by an undisturbed schedule of depth d with a probability of at least
// 1 / (n k^(d-1)). One schedule in ten is undisturbed: no fault, no early timer, no other case,
// no data but the canonical. The others give the clock a priority too, and let it change as well: a
// task that falls behind the clock starves until only the clock could go.
class PctStrategy final : public PriorityStrategy {
 public:
  PctStrategy(std::uint64_t seed, const FaultKinds& kinds) : PriorityStrategy(seed, kinds) {}

  bool Begin(std::uint64_t index) override;
  void End(const RunResult& result) override;
  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;
  PctRuns pct_runs() const override { return undisturbed_runs_; }

 private:
  static constexpr std::uint32_t kMaxDepth = 5;
  // A task's priority has the first bit; one that has fallen has the number of its change, below
  // kMaxDepth. The clock stands anywhere.
  static constexpr std::uint64_t kTaskBit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kBelowTasks = std::uint64_t{1} << 62;
  static constexpr std::uint64_t kNever = 0;
  static constexpr std::uint64_t kAlways = UINT64_MAX;

  struct Change {
    std::uint64_t at;        // Which point of decision.
    std::uint64_t priority;  // What it leaves; 0: it is the clock that changes.
  };
  void AddChange(Change change);

  Change changes_[kMaxDepth] = {};  // In order.
  std::uint32_t change_count_ = 0;
  std::uint32_t next_change_ = 0;
  std::uint32_t depth_ = 1;
  bool undisturbed_ = false;
  std::uint64_t drawn_over_ = 0;
  PctRuns undisturbed_runs_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_PCT_H_
