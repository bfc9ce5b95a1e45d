#include <ostream>
#include <string>

#include "harness/command/baseline.h"
#include "harness/command/files.h"
#include "harness/command/gather.h"
#include "harness/command/render.h"
#include "harness/command/report_json.h"
#include "harness/command/verbs.h"

namespace taskleak::internal {
namespace {

std::string Line(const Comparison::Item& item) {
  std::string line = "  " + item.fingerprint + "  ";
  if (item.count != 0) line += Plural(item.count, "thread") + " ";
  line += item.title;
  if (item.entry == nullptr) return line;
  if (!item.entry->owner.empty()) line += "; owner " + item.entry->owner;
  if (!item.entry->reason.empty()) line += "; " + item.entry->reason;
  if (!item.entry->expires.empty()) line += "; expires " + item.entry->expires;
  return line;
}

void List(std::ostream& out, const std::string& title, const std::vector<Comparison::Item>& items) {
  if (items.empty()) return;
  out << title << "\n";
  for (const Comparison::Item& item : items) {
    out << Line(item) << "\n";
    if (!item.why.empty()) out << "    " << item.why << "\n";
  }
}

bool Exists(const std::string& path) {
  std::string why;
  return ReadFile(path, &why).has_value();
}

// False, and a sentence: the baseline is there, and cannot be used.
bool ReadBaselineFile(const GateOptions& options, Baseline* baseline, std::ostream& err) {
  std::string why;
  const std::optional<std::string> text = ReadFile(options.baseline, &why);
  if (!text.has_value()) {
    if (options.update && why == "No such file or directory") return true;
    err << "taskleak: cannot read the baseline " << options.baseline << " (" << why
        << "); --update --accept-new writes one of what leaks today.\n";
    return false;
  }
  std::optional<Baseline> read = ReadBaseline(*text, &why);
  if (!read.has_value()) {
    err << "taskleak: the baseline " << options.baseline << " " << why << ".\n";
    return false;
  }
  *baseline = std::move(*read);
  return true;
}

int WriteUpdated(const GateOptions& options, const Baseline& baseline, const Comparison& comparison,
                 bool complete, std::ostream& out, std::ostream& err) {
  const Baseline updated = Updated(baseline, comparison, complete, options.accept_new);
  const std::string content = WriteBaseline(updated);
  std::string why;
  if (Exists(options.baseline) && ReadFile(options.baseline, &why) == content) return 0;
  if (!WriteFile(options.baseline, content, &why)) {
    err << "taskleak: cannot write the baseline " << options.baseline << " (" << why
        << "); it is as it was.\n";
    return kExitTrouble;
  }
  out << "taskleak: " << options.baseline << " has " << Plural(updated.entries.size(), "entry")
      << " now, " << baseline.entries.size() << " before\n";
  return 0;
}

}  // namespace

int Gate(const GateOptions& options, std::ostream& out, std::ostream& err) {
  if (options.baseline.empty() && options.base.empty()) {
    err << "taskleak: gate wants --baseline FILE, --base REPORT, or both.\n";
    return kExitUsage;
  }
  if (options.update && options.baseline.empty()) {
    err << "taskleak: --update writes a baseline: name it with --baseline FILE.\n";
    return kExitUsage;
  }
  if (options.accept_new && !options.update) {
    err << "taskleak: --accept-new adds to the baseline, which only --update writes.\n";
    return kExitUsage;
  }
  Gatherer gatherer;
  for (const std::string& path : options.paths) gatherer.Add(path);
  const int files = gatherer.files();
  RunReport report = gatherer.Take();
  bool unreadable = false;
  for (const ReportNote& note : report.notes) {
    err << "taskleak: " << note.text << "\n";
    unreadable = unreadable || note.kind == "unreadable";
  }
  if (files == 0) {
    err << "taskleak: there is no report in " << options.paths.front()
        << ": run the tests with `taskleak run --report FILE`, or with TASKLEAK_REPORT_DIR set.\n";
    return kExitTrouble;
  }
  if (!ApplySuppressions(options.suppressions, &report, err)) return kExitUsage;
  const bool complete = (report.complete || options.complete) && !unreadable;

  Baseline baseline;
  if (!options.baseline.empty() && !ReadBaselineFile(options, &baseline, err)) return kExitUsage;
  Comparison comparison = Compare(report, baseline, options.fail_on, options.today);
  const Comparison all = comparison;
  if (!options.base.empty()) {
    Gatherer base;
    base.Add(options.base);
    if (base.files() == 0) {
      err << "taskleak: " << options.base << " is no report: name that of the base branch.\n";
      return kExitTrouble;
    }
    const Comparison against = CompareWithBase(report, base.Take(), options.fail_on);
    std::vector<Comparison::Item> fresh;
    for (Comparison::Item& item : comparison.fresh) {
      bool known = false;
      for (const Comparison::Item& other : against.known)
        known = known || other.fingerprint == item.fingerprint;
      (known ? comparison.known : fresh).push_back(std::move(item));
    }
    comparison.fresh = std::move(fresh);
  }

  if (!comparison.fresh.empty()) {
    RunReport shown = report;
    std::erase_if(shown.leaks, [&](const Leak& leak) {
      for (const Comparison::Item& item : comparison.fresh) {
        if (item.fingerprint == leak.fingerprint) return leak.verdict < options.fail_on;
      }
      return true;
    });
    shown.notes.clear();
    out << AsText(shown, {.why_ignored = options.fail_on == LeakVerdict::kIdle}) << "\n";
  }
  List(out, "known:", comparison.known);
  List(out,
       complete ? "not seen in this run:"
                : "not seen in this run, which was not complete, so that it says nothing:",
       comparison.unseen);
  List(out, "NEW, these fail the gate:", comparison.fresh);
  for (const std::string& why : report.incomplete) out << "not complete: " << why << "\n";
  int code = 0;
  if (options.update) code = WriteUpdated(options, baseline, all, complete, out, err);
  const bool accepted = options.accept_new && code == 0;
  bool fails = false;
  for (const Comparison::Item& item : comparison.fresh) {
    const bool expired = item.why.find("expired") != std::string::npos;
    fails = fails || !accepted || expired;
  }
  out << "taskleak gate: " << comparison.fresh.size() << " new, " << comparison.known.size()
      << " known, " << comparison.unseen.size() << " not seen: "
      << (comparison.fresh.empty() ? "passes"
          : fails                  ? "fails"
                                   : "accepted")
      << "\n";
  if (fails) return kExitLeaks;
  if (code != 0) return code;
  return unreadable ? kExitTrouble : 0;
}

}  // namespace taskleak::internal
