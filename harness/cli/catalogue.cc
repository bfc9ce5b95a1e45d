#include "harness/cli/catalogue.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "harness/explore/environment.h"
#include "harness/explore/read_schedule.h"
#include "harness/report/files.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

// A glob that does not cross '/', over the whole of a name.
bool Glob(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0;
}

// "article", "article/worker_pool", "worker_pool", "article/worker_pool/fixed",
// "worker_pool/fixed", "worker_*".
bool Names(const std::string& selector, const Scenario& scenario, const Variant& variant) {
  const std::size_t slash = scenario.name.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : scenario.name.substr(0, slash);
  const std::string base =
      slash == std::string::npos ? scenario.name : scenario.name.substr(slash + 1);
  return Glob(selector, scenario.name) || Glob(selector, base) ||
         (!folder.empty() && Glob(selector, folder)) ||
         Glob(selector, scenario.name + "/" + variant.name) ||
         Glob(selector, base + "/" + variant.name);
}

std::string Trimmed(std::string selector) {
  while (!selector.empty() && selector.back() == '/') selector.pop_back();
  return selector;
}

// Scenarios that look like what was meant.
std::string Suggestions(const std::vector<Scenario>& all, const std::string& selector) {
  std::string out;
  int count = 0;
  for (const Scenario& scenario : all) {
    const std::string base = scenario.name.substr(scenario.name.rfind('/') + 1);
    if (scenario.name.find(selector) == std::string::npos &&
        selector.find(base) == std::string::npos && EditDistance(selector, base) > 3 &&
        EditDistance(selector, scenario.name) > 3)
      continue;
    out += (count++ == 0 ? "; did you mean " : ", ") + scenario.name;
  }
  return out.empty() ? "; --list shows what there is" : out + "?";
}

std::string Number(double value) {
  char text[32];
  if (value >= 9950)
    std::snprintf(text, sizeof(text), "%.0fk", value / 1000);
  else
    std::snprintf(text, sizeof(text), "%.0f", value);
  return text;
}

std::string Line(const std::string& name, const ExploreResult& result, const std::string& verdict) {
  char text[320];
  const double rate =
      result.seconds > 0 ? static_cast<double>(result.schedules) / result.seconds : 0;
  const std::string decisions =
      result.failure.has_value()
          ? std::to_string(result.failure->schedule.size()) +
                (result.failure->schedule.size() == 1 ? " decision" : " decisions")
          : std::string();
  std::snprintf(text, sizeof(text), "%-44s %9llu schedules %7s/s  %-10s %s", name.c_str(),
                static_cast<unsigned long long>(result.schedules), Number(rate).c_str(),
                verdict.c_str(), decisions.c_str());
  std::string line(text);
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

class Display {
 public:
  Display(std::ostream& out, bool terminal, int width)
      : out_(out), terminal_(terminal), width_(width) {}
  void Show(const std::string& text) {
    if (!terminal_) return;
    out_ << "\r\033[K" << text.substr(0, static_cast<std::size_t>(std::max(width_ - 1, 20)))
         << std::flush;
  }
  void Clear() {
    if (terminal_) out_ << "\r\033[K" << std::flush;
  }

 private:
  std::ostream& out_;
  const bool terminal_;
  const int width_;
};

// What the process has in memory now: the stacks of a search are kept, so after it this is what it
// took.
std::string ResidentMemory() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return std::to_string(resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) >> 20) + " MB";
}

// How long the tasks outlived their root, in the worst of the runs.
std::string Recovery(const ExploreResult& result) {
  if (result.failure.has_value()) return "no recovery";
  char text[64];
  std::snprintf(text, sizeof(text), "recovery within %g ms (virtual)",
                std::chrono::duration<double, std::milli>(result.recovery).count());
  return text;
}

constexpr std::uint32_t kManyTasks = 100;  // From here on number, memory and recovery are shown.

struct Judged {
  bool as_expected;
  std::string verdict;  // "leak", "held", "MISSED" …
  std::string remark;
};

Judged JudgeVariant(const Variant& variant, const ExploreResult& result) {
  if (result.failure.has_value()) {
    const std::string kind = ToString(result.failure->kind);
    if (!variant.expected.has_value())
      return {false, "FAILED", "it must hold, and showed a " + kind};
    if (const auto mismatch = Mismatch(*variant.expected, *result.failure); mismatch.has_value())
      return {false, "WRONG", *mismatch};
    return {true, kind, ""};
  }
  if (!variant.expected.has_value()) return {true, result.exhausted ? "verified" : "held", ""};
  return {false, "MISSED",
          "no schedule showed the expected " + std::string(ToString(variant.expected->kind))};
}

}  // namespace

Selection Select(const std::vector<Scenario>& all, const std::vector<std::string>& selectors) {
  Selection selection;
  std::vector<bool> used(selectors.size(), false);
  for (const Scenario& scenario : all) {
    for (const Variant& variant : scenario.variants) {
      bool selected = selectors.empty();
      for (std::size_t i = 0; i < selectors.size(); ++i) {
        if (!Names(Trimmed(selectors[i]), scenario, variant)) continue;
        used[i] = true;
        selected = true;
      }
      if (selected) selection.variants.push_back({&scenario, &variant});
    }
  }
  for (std::size_t i = 0; i < selectors.size(); ++i)
    if (!used[i])
      throw UsageError("no scenario is named \"" + selectors[i] + "\"" +
                       Suggestions(all, Trimmed(selectors[i])));
  if (selectors.size() == 1 && selection.variants.size() == 1) {
    const SelectedVariant& only = selection.variants.front();
    const std::string base =
        only.scenario->name.substr(only.scenario->name.rfind('/') + 1) + "/" + only.variant->name;
    selection.exact = Trimmed(selectors[0]) == only.full_name() || Trimmed(selectors[0]) == base;
  }
  return selection;
}

void ListCatalogue(const std::vector<Scenario>& all, const std::vector<std::string>& selectors,
                   std::ostream& out) {
  const Selection selection = Select(all, selectors);
  const Scenario* last = nullptr;
  for (const SelectedVariant& selected : selection.variants) {
    if (selected.scenario != last)
      out << selected.scenario->name << ": " << selected.scenario->summary << "\n";
    last = selected.scenario;
    char line[512];
    std::snprintf(line, sizeof(line), "  %-28s %-9s %s\n", selected.variant->name.c_str(),
                  selected.variant->expected.has_value()
                      ? ToString(selected.variant->expected->kind)
                      : "holds",
                  selected.variant->summary.c_str());
    out << line;
  }
}

int RunCatalogue(const std::vector<Scenario>& all, const CatalogueOptions& options,
                 std::ostream& out, std::ostream& progress) {
  const Environment environment = ReadEnvironment();
  const Selection selection = Select(all, options.selectors);
  std::optional<Schedule> replay;
  // TASKLEAK_REPLAY is --replay by another name: without one variant, every one would replay it.
  const std::string token =
      options.replay.empty() ? environment.replay.value_or("") : options.replay;
  if (!token.empty()) {
    if (selection.variants.size() != 1)
      throw UsageError(
          "--replay needs one variant to replay: name it in full, as in article/worker_pool/fixed");
    const Variant& variant = *selection.variants.front().variant;
    replay = ReadSchedule(variant.body, token, variant.options);
  }
  Display display(progress, options.terminal, options.width);
  const bool exact = selection.exact || replay.has_value();
  std::vector<std::pair<std::string, std::string>> reports;  // Name and file of each failure.
  std::string first_report;
  int wrong = 0;
  int ran = 0;
  bool interrupted = false;
  for (const SelectedVariant& selected : selection.variants) {
    const Variant& variant = *selected.variant;
    const std::string name = selected.full_name();
    ExploreOptions explore = variant.options;
    explore.name = name;
    explore.seed = options.seed;
    explore.quiet = true;
    if (options.strategy.has_value()) explore.strategy = *options.strategy;
    explore.check_determinism = options.check_determinism;
    // A proof takes as many as there are.
    if (explore.strategy == Strategy::kExhaustive) explore.schedules = 0;
    if (options.schedules.has_value()) explore.schedules = *options.schedules;
    if (options.seconds.has_value()) {
      explore.budget =
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*options.seconds));
      if (!options.schedules.has_value()) explore.schedules = 0;
    }
    explore.on_progress = [&](const Progress& p) {
      display.Show(p.shrinking ? name + ": shrinking, " + std::to_string(p.entries) + " decisions"
                               : name + ": " + std::to_string(p.schedules) + " schedules, " +
                                     Number(p.schedules_per_second) + "/s");
      return true;
    };
    display.Show(name + ": starting");
    const ExploreResult result = replay.has_value() ? Replay(variant.body, *replay, explore)
                                                    : Explore(variant.body, explore);
    display.Clear();
    ++ran;
    if (result.interrupted && !result.failure.has_value()) {
      out << Line(name, result, "stopped") << std::endl;
      interrupted = true;
      break;
    }
    const Judged judged = JudgeVariant(variant, result);
    out << Line(name, result, judged.verdict) << "\n";
    if (!judged.remark.empty()) out << "    " << judged.remark << "\n";
    if (!result.verdict.empty())
      out << "    " << result.verdict << "\n";
    else if (judged.verdict == "held" && !replay.has_value())
      out << "    " << result.confidence.Text() << "\n";
    if (!judged.as_expected && !replay.has_value()) ++wrong;
    if (result.peak_tasks >= kManyTasks)
      out << "    at most " << result.peak_tasks << " tasks at once, " << ResidentMemory()
          << " resident, " << Recovery(result)
          << (variant.yardstick.empty() ? "" : " (" + variant.yardstick + ")") << "\n";
    if (result.failure.has_value()) {
      Failure failure = *result.failure;
      failure.replay_line = "ci/fuzz " + name + " --replay=" + failure.schedule.Token();
      out << "    " << failure.Summary().substr(std::string("SUMMARY: taskleak: ").size()) << "\n";
      const std::string text = failure.Text();
      const std::string file = WriteFailureFile(environment.report_dir, name, ".txt", text);
      WriteFailureFile(environment.report_dir, name, ".token", failure.replay_line + "\n");
      WriteFailureFile(environment.report_dir, name, ".script", failure.Script());
      reports.emplace_back(name, file);
      if (first_report.empty()) first_report = text;
    }
    out << std::flush;
    if (result.interrupted) {
      interrupted = true;
      break;
    }
  }
  if (!first_report.empty()) out << "\n" << first_report;
  if (reports.size() > 1) {
    out << "\nThe other reports:\n";
    for (std::size_t i = 1; i < reports.size(); ++i)
      out << "  " << reports[i].first << ": "
          << (reports[i].second.empty() ? "not written" : reports[i].second) << "\n";
  }
  if (exact) {
    if (reports.empty())
      out << (replay.has_value() ? "The schedule does not fail.\n" : "No schedule failed.\n");
    return reports.empty() ? 0 : 1;
  }
  out << "\n"
      << ran - wrong - (interrupted ? 1 : 0) << " of " << selection.variants.size()
      << " variants as expected";
  if (interrupted) out << "; stopped before the end";
  out << "\n";
  return wrong == 0 && !interrupted ? 0 : 1;
}

}  // namespace taskleak::internal
