#include "harness/cli/strategy_table.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/cli/catalogue.h"
#include "harness/cli/markdown.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

// A run is long: the variant limits how many there are to be.
bool IsLarge(const Variant& variant) {
  return variant.options.schedules < ExploreOptions().schedules;
}

// The exhaustive search keeps what each operation depended on: it is for small bodies, and of
// fifty thousand tasks its first run does not come to an end.
bool IsMeasured(const Variant& variant, Strategy strategy) {
  return strategy != Strategy::kExhaustive || !IsLarge(variant);
}

std::string Seconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof(text), ms < 10'000 ? "%.1f s" : "%.0f s", ms / 1000);
  return text;
}

// The searches of one row. Empty when they were interrupted.
std::optional<StrategyRow> Measure(const SelectedVariant& selected, Strategy strategy,
                                   const StrategyTableOptions& options,
                                   const std::function<void(std::uint64_t seed)>& starting) {
  const Variant& variant = *selected.variant;
  StrategyRow row;
  row.scenario = selected.full_name();
  row.strategy = strategy;
  row.seeds = options.seeds;
  if (IsLarge(variant)) row.seeds = std::min(row.seeds, options.seeds_of_large);
  if (strategy == Strategy::kExhaustive) row.seeds = 1;
  std::vector<std::uint64_t> schedules;
  for (std::uint64_t seed = 1; seed <= row.seeds; ++seed) {
    starting(seed);
    ExploreOptions explore = variant.options;
    explore.name = row.scenario;
    explore.strategy = strategy;
    explore.seed = seed;
    explore.schedules = std::min(explore.schedules, options.schedules);
    explore.shrink_budget = Duration(0);
    explore.quiet = true;
    const ExploreResult result = Explore(variant.body, explore);
    if (result.interrupted) return std::nullopt;
    row.ms += result.seconds * 1000;
    if (!result.failure.has_value()) continue;
    schedules.push_back(result.schedules);
  }
  Summarize(std::move(schedules), row);
  return row;
}

}  // namespace

void Summarize(std::vector<std::uint64_t> schedules, StrategyRow& row) {
  std::sort(schedules.begin(), schedules.end());
  row.found = schedules.size();
  // Searches that found nothing stand behind all others.
  if (row.seeds / 2 < schedules.size()) row.median = schedules[row.seeds / 2];
  if (row.found == row.seeds) row.max = schedules.back();
}

StrategyTable MeasureStrategies(const std::vector<Scenario>& all,
                                const StrategyTableOptions& options, std::ostream& progress) {
  std::vector<SelectedVariant> variants = Select(all, options.only).variants;
  std::erase_if(variants, [](const SelectedVariant& selected) {
    return !selected.variant->expected.has_value();
  });
  if (variants.empty())
    throw UsageError("what --only names has no variant that leaks; ci/fuzz --list shows which do");
  StrategyTable table;
  for (const SelectedVariant& selected : variants) {
    for (const Strategy strategy : kAllStrategies) {
      if (!IsMeasured(*selected.variant, strategy)) continue;
      if (strategy == Strategy::kExhaustive && !options.with_exhaustive) continue;
      const std::string name = selected.full_name() + ", " + ToString(strategy);
      const std::optional<StrategyRow> row =
          Measure(selected, strategy, options, [&](std::uint64_t seed) {
            if (!options.terminal) return;
            const std::string line = name + ": seed " + std::to_string(seed);
            progress << "\r\033[K"
                     << line.substr(0, static_cast<std::size_t>(std::max(options.width - 1, 20)))
                     << std::flush;
          });
      if (options.terminal) progress << "\r\033[K" << std::flush;
      if (!row.has_value()) {
        table.interrupted = true;
        return table;
      }
      if (!options.terminal) progress << name << ": " << Cell(*row) << std::endl;
      table.rows.push_back(*row);
    }
  }
  return table;
}

std::string Cell(const StrategyRow& row) {
  if (row.found == 0) return "none";
  if (row.found < row.seeds || !row.median.has_value())
    return std::to_string(row.found) + " of " + std::to_string(row.seeds);
  if (row.seeds == 1) return std::to_string(*row.median);
  return std::to_string(*row.median) + " (" + std::to_string(*row.max) + ")";
}

std::string ToMarkdown(const std::vector<StrategyRow>& rows) {
  std::vector<std::string> scenarios;
  std::vector<Strategy> strategies;
  for (const StrategyRow& row : rows) {
    if (std::find(scenarios.begin(), scenarios.end(), row.scenario) == scenarios.end())
      scenarios.push_back(row.scenario);
    if (std::find(strategies.begin(), strategies.end(), row.strategy) == strategies.end())
      strategies.push_back(row.strategy);
  }
  std::vector<std::vector<std::string>> lines(1, {"schedules until found"});
  for (const Strategy strategy : strategies) lines[0].emplace_back(ToString(strategy));
  std::vector<double> ms(strategies.size(), 0);
  for (const std::string& scenario : scenarios) {
    std::vector<std::string>& line = lines.emplace_back(1 + strategies.size(), "-");
    line[0] = scenario;
    for (const StrategyRow& row : rows) {
      if (row.scenario != scenario) continue;
      const auto column = static_cast<std::size_t>(
          std::find(strategies.begin(), strategies.end(), row.strategy) - strategies.begin());
      line[1 + column] = Cell(row);
      ms[column] += row.ms;
    }
  }
  std::vector<std::string>& time = lines.emplace_back(1, "time, all seeds");
  for (const double each : ms) time.push_back(Seconds(each));
  return MarkdownTable(std::move(lines));
}

std::string ToJson(const std::vector<StrategyRow>& rows) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value.has_value() ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  };
  for (const StrategyRow& row : rows)
    array.push_back({{"scenario", row.scenario},
                     {"strategy", ToString(row.strategy)},
                     {"seeds", row.seeds},
                     {"found", row.found},
                     {"median", number(row.median)},
                     {"max", number(row.max)},
                     {"ms", row.ms}});
  return array.dump(2) + "\n";
}

}  // namespace taskleak::internal
