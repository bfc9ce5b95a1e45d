// The table behind ci/bench goker: what taskleak makes of the bugs from the field.
#ifndef TASKLEAK_HARNESS_CLI_BUG_TABLE_H_
#define TASKLEAK_HARNESS_CLI_BUG_TABLE_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "harness/cli/strategy_table.h"
#include "taskleak/scenario.h"

namespace taskleak::internal {

struct BugTableOptions {
  std::string folder = "goker";      // Whose scenarios.
  StrategyTableOptions search;       // How each strategy is measured.
  double proof_seconds = 60;         // For the fixed twin's proof.
  std::uint64_t schedules = 20'000;  // Under which a twin has to hold that is not proven: so many
                                     // random ones and as many of PCT's.
  std::string libfuzzer = {};        // A catalogue built with libFuzzer; empty: no such column.
};

// One bug and its twin.
struct BugRow {
  std::string scenario;
  Origin origin;
  std::vector<StrategyRow> found;  // By each strategy that has seeds.
  std::optional<StrategyRow> by_libfuzzer = {};
  std::size_t entries = 0;  // Of the shrunk schedule.
  double ms = 0;            // Real time until it was shrunk and reported, one seed.
  std::string twin;         // "verified", "held", or what is wrong with it.
  bool right = false;       // Found in every seed by the default strategy; the twin quiet.
};

struct BugTable {
  std::vector<BugRow> rows;
  bool interrupted = false;  // RequestStop: the rows are those that were measured to their end.
};

// Throws UsageError for a folder that has none.
BugTable MeasureBugs(const std::vector<Scenario>& all, const BugTableOptions& options,
                     std::ostream& progress);

// The page: what the columns mean, one line for each bug, and the sums beside what other tools have
// published.
std::string ToPage(const std::vector<BugRow>& rows, const BugTableOptions& options);

// "ci/bench goker ARGUMENTS…": the exit code is 0; 1 when something is not as it must be, or it was
// interrupted, or the file could not be written; 2 for wrong usage.
int BugTableCommand(int argc, const char* const* argv, const std::string& page);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_BUG_TABLE_H_
