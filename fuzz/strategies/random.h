// The random walk.
#ifndef TASKLEAK_FUZZ_STRATEGIES_RANDOM_H_
#define TASKLEAK_FUZZ_STRATEGIES_RANDOM_H_

#include <cstdint>
#include <span>

#include "fuzz/strategies/driver.h"

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
class RandomStrategy final : public StrategyDriver {
 public:
  RandomStrategy(std::uint64_t seed, const FaultKinds& kinds) : seed_(seed), kinds_(kinds) {}

  bool Begin(std::uint64_t index) override;
  Choice Schedule(const SchedulePoint& point) override;
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

 private:
  // Rates are out of 4096.
  struct Temper {
    std::uint32_t preempt;  // Before an operation.
    std::uint32_t shuffle;  // Where a task cannot go on: any, instead of the longest ready.
    std::uint32_t timer;
    std::uint32_t fault;
    std::uint32_t early_return;
    std::uint32_t hold;
    std::uint32_t holds;  // How many at most.
    std::uint32_t other_case;
  };

  void DrawQuiet();
  Choice Disturb(const SchedulePoint& point);

  std::uint64_t Next() {  // SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
                          // Generators", 2014).
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, n), from 32 random bits (Lemire's multiplication, without its correction: the bias is
  // below n / 2^32).
  static std::size_t Below(std::uint64_t bits, std::size_t n) {
    return static_cast<std::size_t>((bits & 0xffffffff) * n >> 32);
  }

  const std::uint64_t seed_;
  const FaultKinds kinds_;
  std::uint64_t state_ = 0;
  Temper temper_ = {};
  std::uint32_t rate_ = 0;  // Of anything at all before an operation.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_RANDOM_H_
