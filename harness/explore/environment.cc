#include "harness/explore/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

constexpr std::string_view kKnown[] = {"TASKLEAK_REPLAY", "TASKLEAK_REPORT_DIR", "TASKLEAK_CORPUS",
                                       // The preload's.
                                       "TASKLEAK_DEADLINE", "TASKLEAK_EXIT_CODE", "TASKLEAK_FAIL_ON",
                                       "TASKLEAK_TEXT"};

}  // namespace

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

Environment ReadEnvironment() {
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    if (!name.starts_with("TASKLEAK_") ||
        std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown))
      continue;
    const std::string_view nearest = *std::min_element(
        std::begin(kKnown), std::end(kKnown), [name](std::string_view a, std::string_view b) {
          return EditDistance(name, a) < EditDistance(name, b);
        });
    throw UsageError("the environment variable " + std::string(name) +
                     " is not one of taskleak's; did you mean " + std::string(nearest) + "?");
  }
  Environment environment;
  if (const char* replay = std::getenv("TASKLEAK_REPLAY"); replay != nullptr && *replay != '\0')
    environment.replay = replay;
  const char* dir = std::getenv("TASKLEAK_REPORT_DIR");
  environment.report_dir = dir != nullptr && *dir != '\0' ? dir : "taskleak-failures";
  if (const char* corpus = std::getenv("TASKLEAK_CORPUS"); corpus != nullptr && *corpus != '\0')
    environment.corpus = corpus;
  return environment;
}

}  // namespace taskleak::internal
