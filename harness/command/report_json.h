// taskleak.report, version 1: the one source of all other forms.
#ifndef TASKLEAK_HARNESS_COMMAND_REPORT_JSON_H_
#define TASKLEAK_HARNESS_COMMAND_REPORT_JSON_H_

#include <optional>
#include <string>

#include "harness/command/run_report.h"

namespace taskleak::internal {

constexpr int kReportVersion = 1;

std::string WriteReport(const RunReport& report);

// Nothing, and a reason that ends a sentence ("is …"), for what is no such report. Unknown members
// are ignored.
std::optional<RunReport> ReadReport(const std::string& text, std::string* why);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_REPORT_JSON_H_
