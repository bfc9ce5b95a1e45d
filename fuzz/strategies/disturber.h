// What all random strategies share: early returns, the cases of selects, fuzzed data.
#ifndef TASKLEAK_FUZZ_STRATEGIES_DISTURBER_H_
#define TASKLEAK_FUZZ_STRATEGIES_DISTURBER_H_

#include <cstdint>
#include <span>

#include "fuzz/chance.h"
#include "fuzz/strategies/driver.h"

namespace taskleak::internal {

// The decisions that no order of tasks brings about. How often each is not canonical is drawn anew
// for each schedule, since no one rate serves all bugs.
class DisturbingStrategy : public StrategyDriver {
 public:
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

 protected:
  DisturbingStrategy(std::uint64_t seed, const FaultKinds& kinds) : seed_(seed), kinds_(kinds) {}

  // All of it; or nothing but the canonical, data included.
  void DrawDisturbances();
  void LeaveUndisturbed();

  const std::uint64_t seed_;
  const FaultKinds kinds_;
  Chance chance_;
  // Rates are out of 4096.
  std::uint32_t early_return_rate_ = 0;
  std::uint32_t other_case_rate_ = 0;
  bool fuzzes_data_ = true;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_DISTURBER_H_
