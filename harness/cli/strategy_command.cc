// The command line of ci/bench strategies.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "harness/cli/command_line.h"
#include "harness/cli/strategy_table.h"
#include "taskleak/error.h"

namespace taskleak::internal {

int StrategyTableCommand(int argc, const char* const* argv) {
  constexpr const char* kName = "ci/bench strategies";
  StrategyTableOptions options;
  bool quick = false;
  std::string json;
  CLI::App app{
      "Searches for every leak of the catalogue with every strategy and twenty seeds, and prints "
      "one table: the median of the\n"
      "schedules that it took, and in parentheses the most; or how many of the searches found it. "
      "A "
      "scenario of many thousand\n"
      "tasks has three seeds. "
      "^C ends it with the rows\n"
      "that were measured so far."};
  app.name(kName);
  app.add_option("--only", options.only,
                 "This scenario, folder or variant only; may be given again")
      ->expected(1)
      ->take_all();
  app.add_flag("--quick", quick, "Five seeds, and 2000 schedules at most");
  app.add_option("--json", json, "Writes the rows to this file too");
  if (const auto code = ParseArguments(app, argc, argv); code.has_value()) return *code;
  if (quick) {
    options.seeds = 5;
    options.seeds_of_large = 1;
    options.schedules = 2000;
  }
  FitTerminal(options);
  StrategyTable table;
  try {
    table = MeasureStrategies(AllScenarios(), options, std::cerr);
  } catch (const UsageError& error) {
    std::cerr << kName << ": " << error.what() << "\n";
    return 2;
  }
  std::cout << ToMarkdown(table.rows) << std::flush;
  if (table.interrupted) std::cerr << kName << ": stopped before the end\n";
  if (!json.empty()) {
    std::ofstream file(json);
    file << ToJson(table.rows) << std::flush;
    if (!file) {
      std::cerr << kName << ": \"" << json << "\" could not be written\n";
      return 1;
    }
  }
  return table.interrupted ? 1 : 0;
}

}  // namespace taskleak::internal
