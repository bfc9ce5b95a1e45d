#include "harness/cli/bug_table.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "harness/cli/catalogue.h"
#include "harness/cli/fuzz_variant.h"
#include "harness/cli/markdown.h"
#include "harness/cli/strategy_name.h"
#include "harness/explore/explorer.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

ExploreOptions OptionsOf(const Scenario& scenario, const Variant& variant) {
  ExploreOptions options = variant.options;
  options.name = scenario.name + "/" + variant.name;
  options.quiet = true;
  return options;
}

// Nothing: it was interrupted.
std::optional<std::string> Twin(const Scenario& scenario, const Variant& fixed,
                                const BugTableOptions& options) {
  ExploreOptions proof = OptionsOf(scenario, fixed);
  proof.strategy = Strategy::kExhaustive;
  proof.schedules = 0;
  proof.budget =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.proof_seconds));
  const ExploreResult all = Explore(fixed.body, proof);
  if (all.interrupted) return std::nullopt;
  if (all.failure.has_value()) return "FAILED: " + all.failure->Summary();
  if (all.exhausted) return "verified";
  for (const Strategy strategy : {Strategy::kRandom, Strategy::kPct}) {
    ExploreOptions some = OptionsOf(scenario, fixed);
    some.strategy = strategy;
    some.schedules = options.schedules;
    const ExploreResult result = Explore(fixed.body, some);
    if (result.interrupted) return std::nullopt;
    if (result.failure.has_value()) return "FAILED: " + result.failure->Summary();
  }
  return "held";
}

// As MeasureStrategies counts.
StrategyRow UnderLibFuzzer(const std::string& variant, const BugTableOptions& options) {
  StrategyRow row;
  row.scenario = variant;
  row.seeds = options.search.seeds;
  std::vector<std::uint64_t> runs;
  for (std::uint64_t seed = 1; seed <= row.seeds && !StopRequested(); ++seed)
    if (const auto found =
            RunsUntilLibFuzzerFinds(options.libfuzzer, variant, seed, options.search.schedules);
        found.has_value())
      runs.push_back(*found);
  Summarize(std::move(runs), row);
  return row;
}

std::string Milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f ms", ms);
  return text;
}

std::string Short(const std::string& scenario) { return scenario.substr(scenario.rfind('/') + 1); }

const StrategyRow* Under(const BugRow& row, Strategy strategy) {
  for (const StrategyRow& found : row.found)
    if (found.strategy == strategy) return &found;
  return nullptr;
}

}  // namespace

BugTable MeasureBugs(const std::vector<Scenario>& all, const BugTableOptions& options,
                     std::ostream& progress) {
  BugTable table;
  for (const Scenario& scenario : all) {
    if (!scenario.name.starts_with(options.folder + "/")) continue;
    BugRow row;
    row.scenario = scenario.name;
    row.origin = scenario.origin;
    bool interrupted = false;
    for (const Variant& variant : scenario.variants) {
      if (variant.expected.has_value()) {
        StrategyTableOptions search = options.search;
        search.only = {scenario.name + "/" + variant.name};
        search.with_exhaustive = false;
        StrategyTable searched = MeasureStrategies(all, search, progress);
        row.found = std::move(searched.rows);
        const ExploreResult found = Explore(variant.body, OptionsOf(scenario, variant));
        if (!options.libfuzzer.empty()) {
          row.by_libfuzzer = UnderLibFuzzer(search.only.front(), options);
          progress << search.only.front() << ", libFuzzer: " << Cell(*row.by_libfuzzer)
                   << std::endl;
        }
        interrupted |= searched.interrupted || found.interrupted || StopRequested();
        row.ms = found.seconds * 1000;
        if (found.failure.has_value()) row.entries = found.failure->schedule.size();
      } else {
        const auto twin = Twin(scenario, variant, options);
        interrupted |= !twin.has_value();
        row.twin = twin.value_or("");
        progress << scenario.name << "/" << variant.name << ": " << row.twin << std::endl;
      }
      if (interrupted) break;
    }
    if (interrupted) {
      table.interrupted = true;
      break;
    }
    const StrategyRow* found = Under(row, Strategy::kPortfolio);
    row.right = found != nullptr && found->found == found->seeds && !row.twin.starts_with("FAILED");
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty() && !table.interrupted)
    throw UsageError("the catalogue has no folder \"" + options.folder + "\"");
  return table;
}

std::string ToPage(const std::vector<BugRow>& rows, const BugTableOptions& options) {
  std::vector<std::vector<std::string>> lines(
      1, {"bug", "category", "trigger", "Go shows it in", "twin", "entries", "time"});
  for (const StrategyRow& strategy : rows.empty() ? std::vector<StrategyRow>() : rows[0].found)
    lines[0].emplace_back(ToString(strategy.strategy));
  if (!options.libfuzzer.empty()) lines[0].emplace_back("libFuzzer");
  std::uint64_t sum = 0;
  std::size_t found = 0;
  std::size_t soon = 0;
  std::uint64_t worst = 0;
  std::size_t verified = 0;
  for (const BugRow& row : rows) {
    std::vector<std::string>& line = lines.emplace_back();
    line = {Short(row.scenario),
            row.origin.category,
            row.origin.trigger,
            row.origin.natively,
            row.twin,
            std::to_string(row.entries),
            Milliseconds(row.ms)};
    for (const StrategyRow& strategy : row.found) line.push_back(Cell(strategy));
    if (row.by_libfuzzer.has_value()) line.push_back(Cell(*row.by_libfuzzer));
    verified += row.twin == "verified" ? 1 : 0;
    const StrategyRow* by_default = Under(row, Strategy::kPortfolio);
    if (by_default == nullptr || !by_default->median.has_value() || !by_default->max.has_value())
      continue;
    ++found;
    sum += *by_default->median;
    worst = std::max(worst, *by_default->max);
    soon += *by_default->median <= 3 ? 1 : 0;
  }
  const std::string seeds = std::to_string(options.search.seeds);
  std::string page = R"(# GoKer: blocking bugs of nine Go projects

Written from structural descriptions of the kernels of GoBench's GoKer suite (Yuan et al., "GoBench: A Benchmark Suite of
Real-World Go Concurrency Bugs", CGO 2021). Each file holds the leaky body and its fixed twin; this page is made by
`ci/bench goker`.

- *Go shows it in*: in how many of so many fresh processes Go 1.19.8 with goleak showed it natively.
- *twin*: *verified* by the exhaustive strategy within )" +
                     std::to_string(static_cast<int>(options.proof_seconds)) +
                     R"( seconds, or *held* under )" + std::to_string(options.schedules) +
                     R"( random schedules and as many of PCT's.
- *entries*: decisions of the shrunk schedule; 0: the canonical run shows it by itself. *time*: until it was found, shrunk and told.
- A strategy's column: schedules until found, the median of )" +
                     seeds + R"( seeds and in parentheses the most.
)";
  if (!options.libfuzzer.empty())
    page += "- libFuzzer's column: the same, with feedback and from no corpus.\n";
  page += "\n";
  page += MarkdownTable(std::move(lines));
  page += "\nThe default strategy (portfolio) finds " + std::to_string(found) + " of " +
          std::to_string(rows.size()) + " in all of " + seeds + " seeds, " + std::to_string(soon) +
          " of them within 3 schedules at the median; the sum of the medians is " +
          std::to_string(sum) + ", the slowest of all searches took " + std::to_string(worst) +
          ". Of the twins " + std::to_string(verified) + " are verified.\n";
  page += R"(
What others have published, on suites that contain these kernels and more (68 blocking bugs), each found natively, in the
real programs, so that the numbers stand beside ours and do not compare one to one:

| tool        | finds                                                           | source                                             |
|-------------|-----------------------------------------------------------------|----------------------------------------------------|
| goleak      | 42 of 68                                                        | GoBench (CGO 2021)                                 |
| go-deadlock | 28 of 68                                                        | GoBench (CGO 2021)                                 |
| goleak      | 56 of 68 in 1,000 runs                                          | GoAT's table (Taheri and Gopalakrishnan, 2021)     |
| GFuzz       | 18                                                              | GFuzz (Liu et al., ASPLOS 2022)                    |
| GoAT        | at best 68 of 68; 56 in the first run, the slowest in the 158th | GoAT (Taheri and Gopalakrishnan, 2021)             |
| GOLF        | 94 % of the sites that leak                                     | GOLF (Saioc et al., ASPLOS 2025)                   |
)";
  return page;
}

}  // namespace taskleak::internal
