// libFuzzer, run on a body from inside a program that has a main of its own.
#ifndef TASKLEAK_FUZZ_LIBFUZZER_DRIVER_H_
#define TASKLEAK_FUZZ_LIBFUZZER_DRIVER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/decisions.h"
#include "fuzz/libfuzzer/flags.h"

namespace taskleak::internal {

// What libFuzzer runs: payloads of schedules.
struct FuzzTarget {
  std::function<bool(std::string_view payload)> run;  // False: it failed.
  // After a failure: reports it, and returns the payload to be kept.
  std::function<std::string()> explain;
  std::function<void()> at_end;          // The process is about to end; no destructor will run.
  const Decisions* decisions = nullptr;  // Of the last run: what mutations are made of.
};

// Whether this build has it: clang, with -fsanitize=fuzzer-no-link in CMAKE_CXX_FLAGS.
bool HasLibFuzzer();

// Counters that libFuzzer takes for code coverage, kCoverageCounters of them; it clears them before
// each run. None where it is not there.
std::span<std::uint8_t> ExtraCounters();

// Runs it, with the whole argv, which it hands on to the processes that it starts. Does not return:
// libFuzzer ends the process when it has done what the flags say, and a failure ends it with
// -error_exitcode. Not to be called where HasLibFuzzer is false.
[[noreturn]] void RunLibFuzzer(const std::vector<std::string>& arguments, FuzzTarget target);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_LIBFUZZER_DRIVER_H_
