// ci/fuzz --grow: extends the schedules kept for the catalogue.
#ifndef TASKLEAK_HARNESS_CLI_GROW_H_
#define TASKLEAK_HARNESS_CLI_GROW_H_

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "harness/cli/catalogue.h"

namespace taskleak::internal {

// Of each variant selected: of a leaky one the shrunk schedule that shows its leak is kept; of one
// that holds, a few schedules that together do all that any schedule did that was seen, found by
// walking at random and by mutating those that did something new. Writes
// CORPUS/SCENARIO/VARIANT/kept.schedule where that has changed, and says what was added. Returns 0,
// or 1 if a variant did not do what is expected of it, of which then nothing is written. Throws
// UsageError when a file cannot be written.
int GrowCorpus(const std::vector<Scenario>& all, const CatalogueOptions& options,
               std::ostream& out);

// A schedule and what it did: which counters of the coverage it raised, in order.
struct Candidate {
  Schedule schedule;
  std::vector<std::uint32_t> features;
};

// The indices of a few candidates that together have every feature that any has: greedily the one
// with most that are missing, of equals the shortest, of those the first. In ascending order.
std::vector<std::size_t> Cover(const std::vector<Candidate>& candidates);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_GROW_H_
