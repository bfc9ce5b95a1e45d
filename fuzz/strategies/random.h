// The random walk.
#ifndef TASKLEAK_FUZZ_STRATEGIES_RANDOM_H_
#define TASKLEAK_FUZZ_STRATEGIES_RANDOM_H_

#include <cstdint>

#include "fuzz/strategies/disturber.h"

namespace taskleak::internal {

// At each point of decision it draws what happens. How often it preempts, fires timers early, holds
// a task back, cancels and returns early is itself drawn for each schedule (its temper), because no
// one rate serves all bugs: some want a switch at every operation, some one task starved through an
// otherwise calm run.
//
// What it guarantees: every schedule has a positive probability. No more: in a body of k decisions
// a bug that needs d of them just so is found with a probability that falls exponentially in d (the
// contrast to PCT: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of
// Finding Bugs", ASPLOS 2010).
class RandomStrategy final : public DisturbingStrategy {
 public:
  RandomStrategy(std::uint64_t seed, const FaultKinds& kinds) : DisturbingStrategy(seed, kinds) {}

  bool Begin(std::uint64_t index) override;
  Choice Schedule(const SchedulePoint& point) override;

 private:
  // Rates are out of 4096.
  struct Temper {
    std::uint32_t preempt;  // Before an operation.
    std::uint32_t shuffle;  // Where a task cannot go on: any, instead of the longest ready.
    std::uint32_t timer;
    std::uint32_t fault;
    std::uint32_t hold;
    std::uint32_t holds;  // How many at most.
  };

  void DrawQuiet();
  Choice Disturb(const SchedulePoint& point);

  Temper temper_ = {};
  std::uint32_t rate_ = 0;  // Of anything at all before an operation.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_RANDOM_H_
