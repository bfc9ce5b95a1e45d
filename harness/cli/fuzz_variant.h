// libFuzzer on one variant of the catalogue, for the tables.
#ifndef TASKLEAK_HARNESS_CLI_FUZZ_VARIANT_H_
#define TASKLEAK_HARNESS_CLI_FUZZ_VARIANT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "taskleak/scenario.h"

namespace taskleak::internal {

// "VARIANT FLAGS…": runs libFuzzer on that variant's body with these flags, says on standard output
// after how many runs it failed, and ends the process as libFuzzer does. Returns 2 for wrong usage,
// and where this build has no libFuzzer.
int FuzzVariantCommand(int argc, const char* const* argv, const std::vector<Scenario>& all);

// Starts `binary`, a catalogue built with libFuzzer, with that command: after how many runs of at
// most `runs` the variant failed; nothing if it did not. Throws UsageError if it could not be run.
std::optional<std::uint64_t> RunsUntilLibFuzzerFinds(const std::string& binary,
                                                     const std::string& variant, std::uint64_t seed,
                                                     std::uint64_t runs);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_FUZZ_VARIANT_H_
