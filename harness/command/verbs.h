// The verbs of the command `taskleak`, each a function that returns an exit code.
#ifndef TASKLEAK_HARNESS_COMMAND_VERBS_H_
#define TASKLEAK_HARNESS_COMMAND_VERBS_H_

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "harness/command/run_report.h"

namespace taskleak::internal {

constexpr int kExitLeaks = 90;    // Leaks, and nothing else.
constexpr int kExitUsage = 91;    // What was asked for makes no sense.
constexpr int kExitTrouble = 92;  // Our own: a file that cannot be written, a folder, …

struct RunOptions {
  std::vector<std::string> command = {};
  std::string preload = {};  // Empty: the one beside this program.
  std::optional<double> deadline = {};
  LeakVerdict fail_on = LeakVerdict::kSuspect;
  std::string report = {};  // Files to write; empty: none.
  std::string junit = {};
  std::string sarif = {};
  std::string suppressions = {};
  bool why_ignored = false;
  bool keep = false;  // The folder with what each process wrote.
  bool quiet = false;
  bool fail_tests = false;
};
// Runs the command with the preload in every process it starts, and says what they left behind on
// `err`. The command's own exit code, unless that is 0.
int Run(const RunOptions& options, std::ostream& err);

struct ReportOptions {
  std::vector<std::string> paths = {};
  std::string as = "text";
  std::string output = {};  // Empty: standard output.
  std::string suppressions = {};
  std::string baseline = {};
  bool why_ignored = false;
  LeakVerdict fail_on = LeakVerdict::kSuspect;
};
// 0, whatever the report says: it was written where it was asked for. 92: some of it cannot be
// read.
int Report(const ReportOptions& options, std::ostream& out, std::ostream& err);

struct GateOptions {
  std::vector<std::string> paths = {};
  std::string baseline = {};  // Empty: none, with `base`.
  std::string base = {};
  bool update = false;
  bool accept_new = false;
  bool complete = false;  // What is here is all there is: the caller knows.
  LeakVerdict fail_on = LeakVerdict::kSuspect;
  std::string suppressions = {};
  std::string today = {};  // 2026-01-31.
};
int Gate(const GateOptions& options, std::ostream& out, std::ostream& err);

// What works on this machine. 0: all that matters does; 92: not.
int Doctor(const std::string& preload, std::ostream& out);

// Shows a leak caught, and explains it.
int Demo(const std::string& preload, std::ostream& out, std::ostream& err);

// The hidden verb: ends with a thread that waits for ever, or with a clean one.
int Stuck(bool leak);

// Reads a suppressions file and applies it; false, and a sentence on `err`: it could not.
bool ApplySuppressions(const std::string& path, RunReport* report, std::ostream& err);

// The whole command.
int Main(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_VERBS_H_
