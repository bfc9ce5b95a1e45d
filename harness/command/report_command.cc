#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <system_error>

#include "harness/command/baseline.h"
#include "harness/command/files.h"
#include "harness/command/gather.h"
#include "harness/command/render.h"
#include "harness/command/report_json.h"
#include "harness/command/verbs.h"

namespace taskleak::internal {
namespace {

std::string Render(const RunReport& report, const ReportOptions& options) {
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  if (options.as == "json") return WriteReport(report);
  if (options.as == "junit") return AsJUnit(report);
  if (options.as == "sarif") return AsSarif(report, here);
  if (options.as == "github") return AsGithub(report, here);
  return AsText(report, {.why_ignored = options.why_ignored});
}

}  // namespace

int Report(const ReportOptions& options, std::ostream& out, std::ostream& err) {
  if (options.as == "html" || options.as == "trace") {
    err << "taskleak: --as " << options.as
        << " is of a failure in the simulator, which writes it beside its schedule; of a report of "
           "threads take text, json, junit, sarif or github.\n";
    return kExitUsage;
  }
  Gatherer gatherer;
  for (const std::string& path : options.paths) gatherer.Add(path);
  const int files = gatherer.files();
  RunReport report = gatherer.Take();
  if (report.tool_version.empty()) report.tool_version = TASKLEAK_VERSION;
  bool unreadable = false;
  for (const ReportNote& note : report.notes) {
    if (note.kind != "unreadable") continue;
    unreadable = true;
    err << "taskleak: " << note.text << "\n";
  }
  if (files == 0) {
    err << "taskleak: there is no report in " << options.paths.front()
        << ": name what `taskleak run --report FILE` wrote, or a folder with taskleak-PID.json.\n";
    return kExitTrouble;
  }
  if (!ApplySuppressions(options.suppressions, &report, err)) return kExitUsage;
  std::string why;
  if (!options.baseline.empty()) {
    const std::optional<std::string> text = ReadFile(options.baseline, &why);
    const std::optional<Baseline> baseline =
        text.has_value() ? ReadBaseline(*text, &why) : std::nullopt;
    if (!baseline.has_value()) {
      err << "taskleak: cannot use the baseline " << options.baseline << ": it "
          << (text.has_value() ? why : "cannot be read (" + why + ")") << ".\n";
      return kExitUsage;
    }
    MarkBaselined(Compare(report, *baseline, LeakVerdict::kIdle, ""), &report);
  }
  const std::string content = Render(report, options);
  if (options.output.empty()) {
    out << content << std::flush;
    if (!out) {
      err << "taskleak: cannot write to standard output; name a file with --output.\n";
      return kExitTrouble;
    }
  } else if (!WriteFile(options.output, content, &why)) {
    err << "taskleak: cannot write " << options.output << " (" << why
        << "): name a file in a folder that can be written.\n";
    return kExitTrouble;
  }
  return unreadable ? kExitTrouble : 0;
}

}  // namespace taskleak::internal
