// One report in all its forms. Pure functions; any thread may call them.
#ifndef TASKLEAK_HARNESS_COMMAND_RENDER_H_
#define TASKLEAK_HARNESS_COMMAND_RENDER_H_

#include <string>

#include "harness/command/run_report.h"

namespace taskleak::internal {

struct TextOptions {
  bool why_ignored = false;  // Lists what a rule or the baseline left out, and idle pools, in full.
};

// For people, in the tone of the sanitizers; ends with one line for logs.
std::string AsText(const RunReport& report, const TextOptions& options = {});

// JUnit's XML as Jenkins and GitLab read it: a failure on each test that started a thread that
// never ended, on "process exit" where no test is known. What weighs less than `least` is no
// failure: it is told as the test's output.
std::string AsJUnit(const RunReport& report, LeakVerdict least = LeakVerdict::kSuspect);

// SARIF 2.1.0: code flows from the start of a thread to where it blocks, our fingerprints, and
// suppressions for what a rule or the baseline left out. Files under `root` are named from there,
// as GitHub wants them.
std::string AsSarif(const RunReport& report, const std::string& root);

// Workflow commands for GitHub's log: at most ten annotations of a kind, which is what it shows of
// a step; the tenth sums up the rest where there are more.
std::string AsGithub(const RunReport& report, const std::string& root);

// `file` as seen from `root`, or as it is when it lies elsewhere.
std::string Relative(const std::string& file, const std::string& root);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_RENDER_H_
