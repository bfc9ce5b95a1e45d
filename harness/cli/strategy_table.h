// The table behind ci/bench strategies: how soon each strategy finds what the catalogue holds.
#ifndef TASKLEAK_HARNESS_CLI_STRATEGY_TABLE_H_
#define TASKLEAK_HARNESS_CLI_STRATEGY_TABLE_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "taskleak/scenario.h"
#include "taskleak/strategy.h"

namespace taskleak::internal {

struct StrategyTableOptions {
  std::vector<std::string> only;     // Selectors, as of ci/fuzz; empty: every leaky variant.
  std::uint64_t seeds = 20;          // 1, 2, …
  std::uint64_t seeds_of_large = 3;  // Of a variant that limits its schedules: a run is long.
  std::uint64_t schedules = 10'000;  // Of each search, at most; fewer where the variant says so.
  bool with_exhaustive = true;
  bool terminal = false;  // Progress is drawn over itself; else a line for each row.
  int width = 100;        // Of the terminal.
};

// One variant under one strategy.
struct StrategyRow {
  std::string scenario;  // The variant's full name.
  Strategy strategy = Strategy::kRandom;
  std::uint64_t seeds = 0;  // Searches,
  std::uint64_t found = 0;  // and how many of them found it.
  // Schedules until it was found, of all searches; empty where half of them, or any, did not.
  std::optional<std::uint64_t> median;
  std::optional<std::uint64_t> max;
  double ms = 0;  // Real time of all searches.
};

struct StrategyTable {
  std::vector<StrategyRow> rows;
  bool interrupted = false;  // RequestStop: the rows are those that were measured to their end.
};

// Puts into a row of `seeds` searches what those that found it took, in any order.
void Summarize(std::vector<std::uint64_t> schedules, StrategyRow& row);

// Searches without shrinking; the exhaustive one, which knows no seed, once, and not of large
// variants. Throws UsageError for a
// selector that names no leaky variant.
StrategyTable MeasureStrategies(const std::vector<Scenario>& all,
                                const StrategyTableOptions& options, std::ostream& progress);

// A line for each variant, a column for each strategy, in Markdown: "12 (80)": found by all seeds,
// the median and the most; "7 of 20": by so many; "-": not measured.
std::string ToMarkdown(const std::vector<StrategyRow>& rows);
// One row's cell in it.
std::string Cell(const StrategyRow& row);
// An array of objects with scenario, strategy, seeds, found, median, max, ms; null for none.
std::string ToJson(const std::vector<StrategyRow>& rows);

// "ci/bench strategies ARGUMENTS…": the exit code is 0; 1 when it was interrupted or the file could
// not be written; 2 for wrong usage.
int StrategyTableCommand(int argc, const char* const* argv);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_STRATEGY_TABLE_H_
