// Which schedule to run next.
#ifndef TASKLEAK_STRATEGY_H_
#define TASKLEAK_STRATEGY_H_

namespace taskleak {

// The same seed and body give the same schedules under each of them, in every build. All but the
// last go on for ever.
enum class Strategy {
  // A random walk whose temper (how often it switches, holds, fires) is drawn anew for each
  // schedule. The fastest; good at what many schedules show.
  kRandom,
  // Random priorities that change at few points, of tasks and of the clock: good at tasks that
  // starve, and at what needs few switches in a long run. Its undisturbed runs have a bound on what
  // they miss (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding
  // Bugs", ASPLOS 2010).
  kPct,
  // A random priority for each operation, drawn again on a conflict: good at orders of few
  // operations on one object among many on others (Yuan et al., "Partial Order Aware Concurrency
  // Sampling", CAV 2018).
  kPos,
  // All orders of the operations on one object, drawn anew for each schedule, are as likely: good
  // where tasks do unequally much (Zhao et al., "Selectively Uniform Concurrency Testing", ASPLOS
  // 2025).
  kSurw,
  // The default: the four above by turns, more often what brings new traces.
  kPortfolio,
  // Every schedule, depth first, one for each order of dependent operations. Comes to an end in
  // small bodies, and has then proven them: see ExploreResult::verdict.
  kExhaustive,
};

inline constexpr Strategy kAllStrategies[] = {Strategy::kRandom,    Strategy::kPct,
                                              Strategy::kPos,       Strategy::kSurw,
                                              Strategy::kPortfolio, Strategy::kExhaustive};

// "random", "pct", "pos", "surw", "portfolio", "exhaustive".
const char* ToString(Strategy strategy);

}  // namespace taskleak

#endif  // TASKLEAK_STRATEGY_H_
