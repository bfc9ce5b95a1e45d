// Runs a program that knows nothing of taskleak, as a test's subject.
#ifndef TASKLEAK_HARNESS_THREADS_RUN_PROGRAM_H_
#define TASKLEAK_HARNESS_THREADS_RUN_PROGRAM_H_

#include <string>
#include <utility>
#include <vector>

namespace taskleak::internal {

// Under ThreadSanitizer a process is watched for a deadline only, and the child of a fork may not
// join its parent's threads: the sanitizer dies of that.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kWithTsan = true;
#elif defined(__has_feature)
inline constexpr bool kWithTsan = __has_feature(thread_sanitizer);
#else
inline constexpr bool kWithTsan = false;
#endif

struct Outcome {
  int exit_code = -1;  // 128 + the signal that ended it.
  std::string output;
  std::string error_output;
  std::string json;  // Of its report; empty: it wrote none.
};

// `command`: a path and arguments. With `preloaded`, under libtaskleak_preload.so. Waits for its
// end: whoever calls has a time limit, ctest's.
Outcome RunProgram(const std::vector<std::string>& command, bool preloaded,
                   const std::vector<std::pair<std::string, std::string>>& environment = {});

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_THREADS_RUN_PROGRAM_H_
