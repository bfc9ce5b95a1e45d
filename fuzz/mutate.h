// From one schedule to a neighbour of it.
#ifndef TASKLEAK_FUZZ_MUTATE_H_
#define TASKLEAK_FUZZ_MUTATE_H_

#include <cstddef>
#include <string>

#include "fuzz/chance.h"
#include "fuzz/decisions.h"
#include "taskleak/schedule.h"

namespace taskleak::internal {

// Whole entries are changed, one at a time mostly: inserted (from what is known to be possible),
// deleted, replaced, moved to another operation, given another task or value, or two of them swap
// what they choose. Pure: the same arguments give the same schedule. The result differs from
// `schedule`, but for an empty one when nothing is known.
Schedule Mutate(const Schedule& schedule, const Decisions& known, Chance& dice);

// Entries of both: one's up to somewhere and the other's from there on, or some of each.
Schedule Splice(const Schedule& a, const Schedule& b, Chance& dice);

// The payload, with entries left out at random until it has at most `most` bytes.
std::string EncodeWithin(const Schedule& schedule, std::size_t most, Chance& dice);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_MUTATE_H_
