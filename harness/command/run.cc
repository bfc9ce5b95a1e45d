#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "harness/command/child.h"
#include "harness/command/files.h"
#include "harness/command/gather.h"
#include "harness/command/inspect.h"
#include "harness/command/preload_path.h"
#include "harness/command/render.h"
#include "harness/command/report_json.h"
#include "harness/command/suppressions.h"
#include "harness/command/verbs.h"
#include "src/stack/frame.h"

namespace taskleak::internal {
namespace {

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm fields = {};
  gmtime_r(&now, &fields);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

// A fresh folder in $TASKLEAK_REPORT_DIR, else in the system's place for such; empty: there is
// none, and why.
std::string MakeFolder(std::string* problem) {
  std::string parent;
  for (const char* variable : {"TASKLEAK_REPORT_DIR", "TMPDIR"}) {
    const char* value = std::getenv(variable);
    if (!parent.empty() || value == nullptr || *value == '\0') continue;
    parent = value;
    if (std::string_view(variable) == "TASKLEAK_REPORT_DIR") mkdir(value, 0777);
  }
  if (parent.empty()) parent = "/tmp";
  std::error_code error;
  std::string pattern = std::filesystem::absolute(parent, error).string() + "/taskleak-run-XXXXXX";
  if (mkdtemp(pattern.data()) != nullptr) return pattern;
  *problem = "cannot make a folder for reports in " + parent + " (" + std::strerror(errno) +
             "); set TASKLEAK_REPORT_DIR or TMPDIR to one that can be written.";
  return "";
}

// Processes that outlive the command may be writing their reports: those that were told to end with
// it, or that ctest's timeout has just killed the parent of.
void AwaitStragglers(const std::string& folder, int tries) {
  for (; tries > 0; --tries) {
    Gatherer gatherer;
    bool alive = false;
    DIR* const open_folder = opendir(folder.c_str());
    if (open_folder == nullptr) return;
    while (const dirent* entry = readdir(open_folder)) {
      const std::string name = entry->d_name;
      if (name.ends_with(".seen")) gatherer.AddFile(folder + "/" + name);
    }
    closedir(open_folder);
    for (const ProcessSeen& process : gatherer.Take().processes) alive = alive || process.running;
    if (!alive) return;
    usleep(20'000);
  }
}

// What makes a run no evidence that a leak is gone; empty: it ran all there is.
std::vector<std::string> WhyIncomplete(const RunOptions& options, const ChildOutcome& outcome,
                                       const RunReport& report) {
  std::vector<std::string> why;
  const std::string_view program = Basename(options.command.front());
  const bool ctest = program == "ctest";
  for (const std::string& argument : options.command) {
    constexpr std::array<std::string_view, 12> kCtest = {"-R",
                                                         "-E",
                                                         "-L",
                                                         "-LE",
                                                         "-I",
                                                         "-N",
                                                         "-FA",
                                                         "-FS",
                                                         "-FC",
                                                         "--rerun-failed",
                                                         "--tests-regex",
                                                         "--exclude-regex"};
    const bool filters =
        argument.starts_with("--gtest_filter=") ||
        (ctest && std::any_of(kCtest.begin(), kCtest.end(), [&](std::string_view flag) {
           return argument == flag || (flag.size() > 3 && argument.starts_with(flag));
         }));
    if (filters) why.push_back("only some tests were asked for (" + argument + ")");
  }
  for (const char* variable : {"GTEST_FILTER", "GTEST_TOTAL_SHARDS", "TEST_TOTAL_SHARDS"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0')
      why.push_back(std::string("only some tests were asked for (") + variable + "=" + value + ")");
  }
  if (outcome.signalled || outcome.interrupted || outcome.timed_out)
    why.emplace_back("the command was ended before its end");
  for (const ReportNote& note : report.notes) {
    if (note.kind == "unjudged" || note.kind == "running" || note.kind == "unreadable")
      why.push_back(note.text);
  }
  if (report.processes.empty()) why.emplace_back("no process was seen");
  return why;
}

bool WriteForm(const std::string& path, const std::string& content, std::ostream& err) {
  std::string why;
  if (path.empty() || WriteFile(path, content, &why)) return true;
  err << "taskleak: cannot write " << path << " (" << why
      << "): name a file in a folder that can be written.\n";
  return false;
}

// All that was left there is ours, or the folder stays: a test of ours keeps schedules where
// TASKLEAK_REPORT_DIR says.
bool HoldsOthersFiles(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("taskleak-") ||
        !(name.ends_with(".json") || name.ends_with(".seen") || name.ends_with(".part")))
      return true;
  }
  return false;
}

std::string CurrentFolder() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

}  // namespace

bool ApplySuppressions(const std::string& path, RunReport* report, std::ostream& err) {
  if (path.empty()) return true;
  std::string problem;
  const std::optional<std::string> text = ReadFile(path, &problem);
  if (!text.has_value()) {
    err << "taskleak: cannot read the suppressions in " << path << " (" << problem << ").\n";
    return false;
  }
  const std::optional<Suppressions> suppressions = Suppressions::Parse(*text, path, &problem);
  if (!suppressions.has_value()) {
    err << "taskleak: " << problem << "\n";
    return false;
  }
  suppressions->Apply(report);
  return true;
}

int Run(const RunOptions& options, std::ostream& err) {
  const Inspection inspection = InspectCommand(options.command.front());
  if (!inspection.problem.empty()) {
    err << "taskleak: " << inspection.problem << "\n";
    return kExitUsage;
  }
  // Before anything runs: a mistake in the file would cost the whole run.
  RunReport nothing;
  if (!ApplySuppressions(options.suppressions, &nothing, err)) return kExitUsage;
  std::string problem;
  const std::string preload = FindPreload(options.preload, &problem);
  const std::string folder = preload.empty() ? "" : MakeFolder(&problem);
  if (folder.empty()) {
    err << "taskleak: " << problem << "\n";
    return kExitTrouble;
  }
  if (!inspection.warning.empty()) err << "taskleak: " << inspection.warning << "\n";

  std::map<std::string, std::string> environment = PreloadEnvironment(preload, folder);
  environment["TASKLEAK_FAIL_ON"] = ToString(options.fail_on);
  environment["TASKLEAK_EXIT_CODE"] = options.fail_tests ? "90" : "0";
  environment["TASKLEAK_TEXT"] = options.fail_tests ? "1" : "0";
  if (options.deadline.has_value())
    environment["TASKLEAK_DEADLINE"] = std::to_string(*options.deadline);
  const std::string start = Now();
  err.flush();
  const ChildOutcome outcome =
      RunChild(inspection.path, options.command, environment, options.deadline);
  if (!outcome.problem.empty()) {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    err << "taskleak: " << inspection.path << " cannot be started (" << outcome.problem
        << "): see whether it runs by itself.\n";
    return kExitUsage;
  }
  AwaitStragglers(folder, outcome.interrupted ? 100 : 25);

  Gatherer gatherer;
  const bool readable = gatherer.AddFolder(folder);
  RunReport report = gatherer.Take();
  report.tool_version = TASKLEAK_VERSION;
  report.command = options.command;
  report.start = start;
  report.exit = outcome.exit;
  report.incomplete = WhyIncomplete(options, outcome, report);
  report.complete = report.incomplete.empty();
  if (outcome.timed_out) {
    report.notes.push_back(
        {"deadline", "the command did not end within its deadline, and was ended."});
  }
  if (report.processes.empty() && inspection.warning.empty() && readable) {
    report.notes.push_back(
        {"unseen", options.command.front() +
                       " left no word: the preload was not loaded (a static program, or one that "
                       "clears its environment?), so nothing is known of its threads. `taskleak "
                       "doctor` shows what works here."});
  }
  bool written = ApplySuppressions(options.suppressions, &report, err);
  const bool fails = report.Fails(options.fail_on);
  if (!options.quiet || fails)
    err << AsText(report, {.why_ignored = options.why_ignored}) << std::flush;
  written = WriteForm(options.report, WriteReport(report), err) && written;
  written = WriteForm(options.junit, AsJUnit(report, options.fail_on), err) && written;
  written = WriteForm(options.sarif, AsSarif(report, CurrentFolder()), err) && written;

  // What is written nowhere else is not thrown away.
  if (options.keep || !written || HoldsOthersFiles(folder)) {
    err << "taskleak: what each process wrote is in " << folder << "\n";
  } else {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
  }
  if (outcome.timed_out) return kExitLeaks;
  if (outcome.exit != 0) return outcome.exit;
  if (!written || !readable) return kExitTrouble;
  return fails ? kExitLeaks : 0;
}

}  // namespace taskleak::internal
