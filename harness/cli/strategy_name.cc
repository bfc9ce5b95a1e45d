#include "harness/cli/strategy_name.h"

#include "harness/explore/environment.h"
#include "taskleak/error.h"

namespace taskleak::internal {

Strategy StrategyNamed(const std::string& name) {
  std::string all;
  const char* nearest = nullptr;
  for (const Strategy strategy : kAllStrategies) {
    const std::string known = ToString(strategy);
    if (name == known) return strategy;
    all += (all.empty() ? "" : ", ") + known;
    // What is further away than half of it has nothing to do with it.
    if (EditDistance(name, known) <= known.size() / 2 &&
        (nearest == nullptr || EditDistance(name, known) < EditDistance(name, nearest)))
      nearest = ToString(strategy);
  }
  throw UsageError("no strategy is named \"" + name + "\"; " +
                   (nearest != nullptr ? std::string("did you mean ") + nearest + "? T" : "t") +
                   "here are " + all);
}

}  // namespace taskleak::internal
