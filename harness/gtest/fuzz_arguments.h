// The flags of a binary with fuzz tests.
#ifndef TASKLEAK_HARNESS_GTEST_FUZZ_ARGUMENTS_H_
#define TASKLEAK_HARNESS_GTEST_FUZZ_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace taskleak::internal {

// In FuzzTest's vocabulary where it has a word for it.
struct FuzzArguments {
  std::string fuzz;                // --fuzz=Suite.Name: under libFuzzer.
  std::optional<double> fuzz_for;  // --fuzz_for=10s, in seconds.
  std::string replay;              // --replay=TOKEN, or a file.
  std::string corpus;              // --corpus=DIR
  std::optional<std::uint64_t> schedules;
  std::optional<double> seconds;
  std::uint64_t seed = 1;
  bool feedback = true;  // --fuzz_feedback=off: to measure what our counters are worth.
  bool list = false;     // --list_fuzz_tests
  bool version = false;
  bool help = false;  // Left in `rest` too: GoogleTest has a help of its own.

  std::vector<std::string> rest;  // For GoogleTest: what is not ours, and not libFuzzer's.
  std::vector<std::string> all;   // For libFuzzer, which starts itself anew with them.
};

// `arguments`: all of argv. `tests`: the fuzz tests that there are. What follows "--" is
// libFuzzer's. Throws UsageError, with a suggestion, for a flag that is none but looks like one,
// for a value that is none, and for a test that is not there.
FuzzArguments ParseFuzzArguments(const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& tests);

// "10s", "1m30s", "1.5h", "250ms", or a plain number of seconds. Nothing for what is none, or not
// above 0.
std::optional<double> ParseDuration(std::string_view text);

extern const char kFuzzHelp[];

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_GTEST_FUZZ_ARGUMENTS_H_
