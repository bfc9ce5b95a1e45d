// The command line of ci/bench goker.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>

#include "harness/cli/bug_table.h"
#include "harness/cli/command_line.h"
#include "taskleak/error.h"

namespace taskleak::internal {

int BugTableCommand(int argc, const char* const* argv, const std::string& page) {
  constexpr const char* kName = "ci/bench goker";
  BugTableOptions options;
  bool quick = false;
  std::string out = page;
  CLI::App app{
      "Searches for the 47 bugs of scenarios/goker with every strategy and twenty seeds, proves "
      "their fixed twins as far "
      "as it can,\nand writes the table to scenarios/goker/README.md. Some fifteen minutes, most "
      "of them "
      "proofs that do not end. "
      "^C shows the rows\nthat were measured so far, and leaves the page as it was."};
  app.name(kName);
  app.add_flag("--quick", quick,
               "Five seeds, and five seconds for a proof; the table is only shown");
  app.add_option("--seconds", options.proof_seconds, "For the proof of each twin")
      ->capture_default_str();
  app.add_option("--libfuzzer", options.libfuzzer,
                 "A catalogue built with libFuzzer, for its column; ci/bench gives one");
  app.add_option("--out", out, "The page, in place of scenarios/goker/README.md");
  if (const auto code = ParseArguments(app, argc, argv); code.has_value()) return *code;
  if (quick) {
    options.search.seeds = 5;
    options.proof_seconds = 5;
  }
  FitTerminal(options.search);
  BugTable table;
  try {
    table = MeasureBugs(AllScenarios(), options, std::cerr);
  } catch (const UsageError& error) {
    std::cerr << kName << ": " << error.what() << "\n";
    return 2;
  }
  const std::string text = ToPage(table.rows, options);
  if (quick || table.interrupted) {
    std::cout << text << std::flush;
  } else {
    std::ofstream file(out);
    file << text << std::flush;
    if (!file) {
      std::cerr << kName << ": \"" << out << "\" could not be written\n";
      return 1;
    }
    std::cerr << "written to " << out << "\n";
  }
  if (table.interrupted) std::cerr << kName << ": stopped before the end\n";
  const bool right = std::all_of(table.rows.begin(), table.rows.end(),
                                 [](const BugRow& row) { return row.right; });
  return table.interrupted || !right ? 1 : 0;
}

}  // namespace taskleak::internal
