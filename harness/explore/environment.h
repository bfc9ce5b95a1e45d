// The TASKLEAK_ variables.
#ifndef TASKLEAK_HARNESS_EXPLORE_ENVIRONMENT_H_
#define TASKLEAK_HARNESS_EXPLORE_ENVIRONMENT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace taskleak::internal {

struct Environment {
  std::optional<std::string> replay;  // TASKLEAK_REPLAY: a token.
  std::string
      report_dir;  // TASKLEAK_REPORT_DIR: where failures are written; default taskleak-failures.
  std::optional<std::string> corpus;  // TASKLEAK_CORPUS: where kept schedules are.
};

// Reads them, and throws UsageError, with a suggestion, for a TASKLEAK_ variable that is none: a
// mistyped one would silently check nothing.
Environment ReadEnvironment();

// Levenshtein's: how many characters to insert, delete or change. For suggestions.
std::size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_ENVIRONMENT_H_
