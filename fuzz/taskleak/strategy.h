// Which schedule to run next.
#ifndef TASKLEAK_STRATEGY_H_
#define TASKLEAK_STRATEGY_H_

namespace taskleak {

enum class Strategy {
  kRandom,  // A random walk whose temper (how often it switches, holds, fires) is drawn anew for
            // each schedule.
  kPct,     // Not built yet, as all below: asking for one is a UsageError that says so.
  kPos,
  kSurw,
  kPortfolio,  // The default. For now the random walk alone.
  kExhaustive,  // Every schedule, depth first, one for each order of dependent operations. Comes to
                // an end in small bodies, and then proves them: see ExploreResult::verdict.
};

const char* ToString(Strategy strategy);

}  // namespace taskleak

#endif  // TASKLEAK_STRATEGY_H_
