// Where failures are kept.
#ifndef TASKLEAK_HARNESS_REPORT_FILES_H_
#define TASKLEAK_HARNESS_REPORT_FILES_H_

#include <string>
#include <string_view>

namespace taskleak::internal {

// Writes DIR/NAME + extension, with what a file name cannot hold replaced; makes the folder.
// Returns the path; empty when it could not be written, which is said once, in a sentence, on
// standard error.
std::string WriteFailureFile(const std::string& dir, std::string_view name,
                             std::string_view extension, std::string_view content);

// How this program was called, for replay lines.
std::string ProgramName();

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_REPORT_FILES_H_
