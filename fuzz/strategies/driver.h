// One search: a decider that is told where each run begins and how it ended.
#ifndef TASKLEAK_FUZZ_STRATEGIES_DRIVER_H_
#define TASKLEAK_FUZZ_STRATEGIES_DRIVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "src/runtime/sim/decider.h"
#include "src/runtime/sim/observer.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/strategy.h"

namespace taskleak::internal {

// The runs of PCT to which its guarantee applies: of each depth from 1 on, and the most tasks and
// points of decision that any of them was drawn over.
struct PctRuns {
  static constexpr std::uint32_t kDepths = 3;
  std::uint64_t runs[kDepths] = {};
  std::uint32_t tasks = 0;
  std::uint64_t points = 0;
};

// Deterministic: the same seed and the same bodies give the same decisions, in every build.
class StrategyDriver : public Decider {
 public:
  // Before run number `index`, from 0. False: every schedule has been run.
  virtual bool Begin(std::uint64_t index) = 0;
  virtual void End(const RunResult& /*result*/) {}
  // Who is to watch the coming run on its behalf; null, which is fastest: nobody. Asked after
  // Begin.
  virtual Observer* observer() { return nullptr; }
  // What it means that Begin was false, or that the search ended before: a sentence. Empty where
  // the strategy never comes to an end.
  virtual std::string Verdict() const { return {}; }
  // Whether a body that did not fail cannot, within the domain that the verdict names.
  virtual bool Proven() const { return false; }
  // After a proof: runs that explore nothing more, to say how many schedules there are without
  // reduction. False: it is known, or nothing was reduced.
  virtual bool BeginCount() { return false; }
  virtual void EndCount() {}
  virtual PctRuns pct_runs() const { return {}; }
};

struct StrategyConfig {
  Strategy strategy = Strategy::kPortfolio;
  std::uint64_t seed = 1;
  FaultKinds kinds = {};
  std::uint64_t max_steps = 100'000;
  std::optional<int> preemption_bound = {};  // Of the exhaustive strategy.
};

// Never null.
std::unique_ptr<StrategyDriver> MakeStrategy(const StrategyConfig& config);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_DRIVER_H_
