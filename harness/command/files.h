// Whole files, and what the system says when that fails.
#ifndef TASKLEAK_HARNESS_COMMAND_FILES_H_
#define TASKLEAK_HARNESS_COMMAND_FILES_H_

#include <optional>
#include <string>
#include <string_view>

namespace taskleak::internal {

// Nothing, and the system's words, when it cannot be read.
std::optional<std::string> ReadFile(const std::string& path, std::string* why);

// By renaming a finished file: who reads meanwhile sees the one or the other, and a full disk costs
// nothing of what was there. What is no regular file (a pipe, /dev/stdout) is written to.
bool WriteFile(const std::string& path, std::string_view content, std::string* why);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_FILES_H_
