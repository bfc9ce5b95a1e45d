#include "taskleak/strategy.h"

#include <string>

#include "fuzz/strategies/driver.h"
#include "fuzz/strategies/exhaustive.h"
#include "fuzz/strategies/pct.h"
#include "fuzz/strategies/portfolio.h"
#include "fuzz/strategies/pos.h"
#include "fuzz/strategies/random.h"
#include "fuzz/strategies/surw.h"
#include "taskleak/error.h"

namespace taskleak {

const char* ToString(Strategy strategy) {
  switch (strategy) {
    case Strategy::kRandom:
      return "random";
    case Strategy::kPct:
      return "pct";
    case Strategy::kPos:
      return "pos";
    case Strategy::kSurw:
      return "surw";
    case Strategy::kPortfolio:
      return "portfolio";
    case Strategy::kExhaustive:
      return "exhaustive";
  }
  return "unknown";
}

namespace internal {

std::unique_ptr<StrategyDriver> MakeStrategy(const StrategyConfig& config) {
  switch (config.strategy) {
    case Strategy::kRandom:
      return std::make_unique<RandomStrategy>(config.seed, config.kinds);
    case Strategy::kPct:
      return std::make_unique<PctStrategy>(config.seed, config.kinds);
    case Strategy::kPos:
      return std::make_unique<PosStrategy>(config.seed, config.kinds);
    case Strategy::kSurw:
      return std::make_unique<SurwStrategy>(config.seed, config.kinds);
    case Strategy::kPortfolio:
      return std::make_unique<PortfolioStrategy>(config.seed, config.kinds);
    case Strategy::kExhaustive:
      return std::make_unique<ExhaustiveStrategy>(config);
  }
  return nullptr;
}

}  // namespace internal
}  // namespace taskleak
