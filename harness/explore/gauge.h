// Measures how much of a body a search has seen.
#ifndef TASKLEAK_HARNESS_EXPLORE_GAUGE_H_
#define TASKLEAK_HARNESS_EXPLORE_GAUGE_H_

#include <cstdint>

#include "fuzz/hash_set.h"
#include "fuzz/pair_coverage.h"
#include "fuzz/strategies/driver.h"
#include "src/runtime/sim/observer.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/explore.h"

namespace taskleak::internal {

// Lives for one search. An observed run costs twice what another does, so that pairs of operations
// are looked for in a sample only: the first runs, then one in kSampleEvery.
class Gauge {
 public:
  // Before each run: who watches it. `own` is whom the strategy wants; where that is somebody, it
  // alone watches.
  Observer* Watch(Observer* own);
  // After it.
  void Count(const RunResult& run);
  Confidence Take(const PctRuns& pct) const;

 private:
  static constexpr std::uint64_t kFirst = 16;
  static constexpr std::uint64_t kSampleEvery = 64;

  bool sampling_ = false;
  HashSet traces_;
  PairCoverage coverage_;
  Confidence confidence_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_GAUGE_H_
