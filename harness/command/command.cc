// The command line of `taskleak`.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <ostream>
#include <string>

#include "harness/command/verbs.h"

namespace taskleak::internal {
namespace {

std::string Today() {
  const std::time_t now = std::time(nullptr);
  std::tm fields = {};
  gmtime_r(&now, &fields);
  std::array<char, 16> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &fields)};
}

// "60", "2.5s", "500ms", "2m", "1h", in seconds; nothing: no such time.
std::optional<double> ParseSeconds(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double factor = unit.empty() || unit == "s" ? 1
                        : unit == "ms"              ? 1e-3
                        : unit == "m"               ? 60
                        : unit == "h"               ? 3600
                                                    : 0;
  const double seconds = value * factor;
  if (end == text.c_str() || !(seconds > 0) || seconds > 1e8) return std::nullopt;
  return seconds;
}

const CLI::Validator kSeconds(
    [](std::string& text) {
      return ParseSeconds(text).has_value()
                 ? std::string()
                 : "\"" + text + "\" is no time; write 60s, 2.5s, 2m or 1h";
    },
    "TIME");

const CLI::Validator kVerdict(
    [](std::string& text) {
      return LeakVerdictNamed(text).has_value()
                 ? std::string()
                 : "\"" + text + "\" is no verdict; write proven, suspect or idle";
    },
    "VERDICT");

void AddFailOn(CLI::App* verb, std::string* fail_on) {
  verb->add_option("--fail-on", *fail_on,
                   "What fails: proven leaks alone, suspect ones too (the default: at the end of a "
                   "process nobody is left who would wake them), or idle pools too")
      ->check(kVerdict);
}

struct Parsed {
  RunOptions run;
  ReportOptions report;
  GateOptions gate;
  std::string fail_on = "suspect";
  std::string deadline;
  std::string preload;
  std::string variant = "leaky";
};

CLI::App* AddRun(CLI::App* app, Parsed* parsed) {
  CLI::App* verb = app->add_subcommand(
      "run",
      "Runs a command, and every process it starts, and says which threads never ended.\n\n"
      "Exit codes: 0 clean, 90 leaks and nothing else, 91 wrong usage, 92 trouble of taskleak's\n"
      "own; any other is the command's, 128+n when signal n ended it.\n\n"
      "Examples:\n"
      "  taskleak run -- ./my_test\n"
      "  taskleak run --deadline 60s -- ./my_test      who is stuck where, when it hangs\n"
      "  taskleak run --report leaks.json --junit leaks.xml -- ctest --test-dir build -j8\n"
      "  taskleak run --suppressions known.txt --why-ignored -- ctest");
  RunOptions& run = parsed->run;
  verb->add_option("COMMAND", run.command, "What to run, after --")->required();
  verb->add_option("--deadline", parsed->deadline,
                   "Of each process: at nine tenths of it whoever is blocked is reported; the "
                   "command itself is ended when it has passed")
      ->check(kSeconds);
  AddFailOn(verb, &parsed->fail_on);
  verb->add_option("--report", run.report, "Writes the report as JSON, which the other verbs read");
  verb->add_option("--junit", run.junit, "Writes JUnit's XML, for Jenkins and GitLab");
  verb->add_option("--sarif", run.sarif, "Writes SARIF 2.1.0, for code scanning");
  verb->add_option("--suppressions", run.suppressions,
                   "What not to report, one a line: taskleak:GLOB a function, thread:GLOB a "
                   "thread's name, module:GLOB a library");
  verb->add_flag("--why-ignored", run.why_ignored,
                 "Lists what was left out, and by which rule; and idle pools");
  verb->add_flag("--keep", run.keep, "Keeps the folder with what each process wrote");
  verb->add_flag("--quiet", run.quiet, "Says nothing when nothing fails");
  verb->add_flag("--fail-tests", run.fail_tests,
                 "Each process that leaks says so at once and turns its own exit code 0 into 90, "
                 "so that ctest counts its test as failed");
  verb->add_option("--preload", parsed->preload, "Another libtaskleak_preload.so");
  return verb;
}

CLI::App* AddReport(CLI::App* app, Parsed* parsed) {
  CLI::App* verb = app->add_subcommand(
      "report",
      "Shows a report in another form.\n\n"
      "Examples:\n"
      "  taskleak report leaks.json\n"
      "  taskleak report leaks.json --as sarif --output leaks.sarif --baseline taskleak.json\n"
      "  taskleak report leaks.json --as github        in a workflow's step\n"
      "  taskleak report build/reports                 a folder that TASKLEAK_REPORT_DIR named");
  ReportOptions& report = parsed->report;
  verb->add_option("FILE", report.paths,
                   "What `taskleak run --report` wrote, or a folder of such and of what processes "
                   "wrote")
      ->required();
  verb->add_option("--as", report.as, "text (the default), json, junit, sarif or github")
      ->check(CLI::IsMember({"text", "json", "junit", "sarif", "github", "html", "trace"}));
  verb->add_option("--output", report.output, "A file, in place of standard output");
  verb->add_option("--suppressions", report.suppressions, "As of `taskleak run`");
  verb->add_option("--baseline", report.baseline, "Leaks that it knows are marked as such");
  verb->add_flag("--why-ignored", report.why_ignored,
                 "In text: lists what was left out, and by which rule; and idle pools");
  AddFailOn(verb, &parsed->fail_on);
  return verb;
}

CLI::App* AddGate(CLI::App* app, Parsed* parsed) {
  CLI::App* verb = app->add_subcommand(
      "gate",
      "Fails (90) on leaks that are not known yet: a ratchet for repositories that leak "
      "already.\n\n"
      "Examples:\n"
      "  taskleak gate leaks.json --baseline taskleak.json --update --accept-new   the first time\n"
      "  taskleak gate leaks.json --baseline taskleak.json                         in the "
      "pipeline\n"
      "  taskleak gate leaks.json --baseline taskleak.json --update                on the main "
      "branch\n"
      "  taskleak gate leaks.json --base main.json      only what the base branch does not have\n\n"
      "An entry of the baseline may be given an owner, a reason, and a last day (expires) by "
      "hand.\n"
      "--update forgets one after 20 complete runs without it; runs that were filtered, sharded "
      "or\n"
      "ended early do not count.");
  GateOptions& gate = parsed->gate;
  verb->add_option("FILE", gate.paths, "Reports, or folders of them")->required();
  verb->add_option("--baseline", gate.baseline, "The file with the leaks that are known");
  verb->add_option("--base", gate.base, "A report of the base branch: what it has is not new");
  verb->add_flag("--update", gate.update, "Writes the baseline anew");
  verb->add_flag("--accept-new", gate.accept_new,
                 "With --update: what is new is known from now on");
  verb->add_flag("--complete", gate.complete,
                 "These reports are of all tests there are, although they do not say so");
  verb->add_option("--suppressions", gate.suppressions, "As of `taskleak run`");
  AddFailOn(verb, &parsed->fail_on);
  return verb;
}

}  // namespace

int Main(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Parsed parsed;
  CLI::App app{
      "Finds threads that never end, in programs that know nothing of it.\n\n"
      "Examples:\n"
      "  taskleak demo                                 a leak caught in a second\n"
      "  taskleak run -- ./my_test                     yours\n"
      "  taskleak run --report leaks.json -- ctest     a whole suite\n"
      "  taskleak gate leaks.json --baseline taskleak.json\n"
      "  taskleak VERB --help                          more of each"};
  app.name("taskleak");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("taskleak ") + TASKLEAK_VERSION);
  CLI::App* run = AddRun(&app, &parsed);
  CLI::App* report = AddReport(&app, &parsed);
  CLI::App* gate = AddGate(&app, &parsed);
  CLI::App* doctor = app.add_subcommand(
      "doctor",
      "Says what works on this machine, and catches a planted leak to prove it.\n\n"
      "Example:\n  taskleak doctor");
  CLI::App* demo = app.add_subcommand(
      "demo",
      "Runs a small program with a leak, and explains its report.\n\nExample:\n  taskleak demo");
  for (CLI::App* verb : {doctor, demo})
    verb->add_option("--preload", parsed.preload, "Another libtaskleak_preload.so");
  CLI::App* stuck = app.add_subcommand("__stuck", "")->group("");
  stuck->add_option("VARIANT", parsed.variant)->check(CLI::IsMember({"leaky", "clean"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success, out, err);
  } catch (const CLI::ParseError& error) {
    err << "taskleak: " << error.what() << "; taskleak --help shows how it is used\n";
    return kExitUsage;
  }
  const LeakVerdict fail_on = LeakVerdictNamed(parsed.fail_on).value_or(LeakVerdict::kSuspect);
  if (run->parsed()) {
    parsed.run.preload = parsed.preload;
    parsed.run.fail_on = fail_on;
    if (!parsed.deadline.empty()) parsed.run.deadline = ParseSeconds(parsed.deadline);
    return Run(parsed.run, err);
  }
  if (report->parsed()) {
    parsed.report.fail_on = fail_on;
    return Report(parsed.report, out, err);
  }
  if (gate->parsed()) {
    parsed.gate.fail_on = fail_on;
    parsed.gate.today = Today();
    return Gate(parsed.gate, out, err);
  }
  if (doctor->parsed()) return Doctor(parsed.preload, out);
  if (demo->parsed()) return Demo(parsed.preload, out, err);
  return Stuck(parsed.variant == "leaky");
}

}  // namespace taskleak::internal
