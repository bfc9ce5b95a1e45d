// The table of strategies: what a row counts, how it is written, and which strategy is meant.
#include "harness/cli/strategy_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "harness/cli/strategy_name.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::MeasureStrategies;
using taskleak::internal::StrategyNamed;
using taskleak::internal::StrategyRow;
using taskleak::internal::StrategyTable;
using taskleak::internal::StrategyTableOptions;
using testing::HasSubstr;

void LeaksAtOnce() {
  const auto ch = MakeChan<int>();
  Go("helper", [ch] { ch.Send(1); });
}

void LeaksNow() {
  const auto ch = MakeChan<int>();
  Go("helper", [ch] { ch.Send(1); });
  if (EarlyReturn("first error")) return;
  static_cast<void>(ch.Recv());
}

void Holds() {
  const auto ch = MakeChan<int>(1);
  Go("helper", [ch] { ch.Send(1); });
}

std::vector<Scenario> Catalogue() {
  return {
      {.name = "a/pair",
       .variants = {{.name = "fixed", .body = Holds},
                    {.name = "leaky", .body = LeaksNow, .expected = Expectation{}}}},
      {.name = "a/never",
       .variants = {{.name = "leaky", .body = Holds, .expected = Expectation{}}}},
      {.name = "b/large",
       .variants = {{.name = "leaky",
                     .body = LeaksAtOnce,
                     .expected = Expectation{},
                     .options = {.schedules = 50}}}},
  };
}

StrategyTable Measure(const StrategyTableOptions& options, std::string* progress = nullptr) {
  std::ostringstream told;
  StrategyTable table = MeasureStrategies(Catalogue(), options, told);
  if (progress != nullptr) *progress = told.str();
  return table;
}

TEST(StrategyTable, HasARowForEachLeakAndStrategy) {
  std::string progress;
  const StrategyTable table =
      Measure({.only = {}, .seeds = 6, .seeds_of_large = 2, .schedules = 300}, &progress);
  EXPECT_FALSE(table.interrupted);
  std::vector<std::string> leaks;
  for (const StrategyRow& row : table.rows) {
    SCOPED_TRACE(row.scenario + " " + ToString(row.strategy));
    EXPECT_THAT(progress, HasSubstr(row.scenario + ", " + ToString(row.strategy)));
    if (row.strategy == Strategy::kExhaustive) {
      EXPECT_EQ(row.seeds, 1u) << "it has none";
      EXPECT_NE(row.scenario, "b/large/leaky");
      continue;
    }
    if (row.strategy == Strategy::kPct) leaks.push_back(row.scenario);
    if (row.scenario == "a/pair/leaky") {
      EXPECT_EQ(row.seeds, 6u);
      EXPECT_EQ(row.found, 6u);
      ASSERT_TRUE(row.median.has_value() && row.max.has_value());
      EXPECT_GE(*row.median, 1u);
      EXPECT_LE(*row.median, *row.max);
    } else if (row.scenario == "a/never/leaky") {
      EXPECT_EQ(row.seeds, 6u);
      EXPECT_EQ(row.found, 0u);
      EXPECT_FALSE(row.median.has_value() || row.max.has_value());
    } else {
      EXPECT_EQ(row.seeds, 2u);
      EXPECT_EQ(row.max, 1u);
    }
  }
  EXPECT_EQ(leaks, (std::vector<std::string>{"a/pair/leaky", "a/never/leaky", "b/large/leaky"}));
}

TEST(StrategyTable, IsTheSameEachTime) {
  const StrategyTable one = Measure({.only = {"pair"}, .seeds = 5});
  const StrategyTable two = Measure({.only = {"pair"}, .seeds = 5});
  ASSERT_EQ(one.rows.size(), two.rows.size());
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    EXPECT_EQ(one.rows[i].median, two.rows[i].median);
    EXPECT_EQ(one.rows[i].max, two.rows[i].max);
  }
}

TEST(StrategyTable, RefusesWhatDoesNotLeak) {
  EXPECT_THROW(static_cast<void>(Measure({.only = {"pair/fixed"}})), UsageError);
  EXPECT_THROW(static_cast<void>(Measure({.only = {"nothing"}})), UsageError);
}

TEST(StrategyTable, EndsWithTheRowsMeasuredBefore) {
  RequestStop();
  const StrategyTable table = Measure({.only = {}});
  ClearStop();
  EXPECT_TRUE(table.interrupted);
  EXPECT_TRUE(table.rows.empty());
  EXPECT_THAT(Measure({.only = {"pair"}, .seeds = 1}).rows, testing::Not(testing::IsEmpty()));
}

std::vector<StrategyRow> Rows() {
  return {{"a/pair/leaky", Strategy::kRandom, 20, 20, 5, 13, 1500},
          {"a/pair/leaky", Strategy::kPct, 20, 0, {}, {}, 250},
          {"b/large/leaky", Strategy::kRandom, 20, 12, 400, {}, 20'000},
          {"b/large/leaky", Strategy::kPct, 20, 3, {}, {}, 12},
          {"a/pair/leaky", Strategy::kExhaustive, 1, 1, 7, 7, 1}};
}

TEST(StrategyTable, IsMarkdown) {
  EXPECT_EQ(internal::ToMarkdown(Rows()),
            "| schedules until found | random   | pct     | exhaustive |\n"
            "|-----------------------|----------|---------|------------|\n"
            "| a/pair/leaky          | 5 (13)   | none    | 7          |\n"
            "| b/large/leaky         | 12 of 20 | 3 of 20 | -          |\n"
            "| time, all seeds       | 22 s     | 0.3 s   | 0.0 s      |\n");
}

TEST(StrategyTable, IsJson) {
  const auto json = nlohmann::json::parse(internal::ToJson(Rows()));
  ASSERT_EQ(json.size(), 5u);
  EXPECT_EQ(json[0], nlohmann::json::parse(R"({"scenario": "a/pair/leaky", "strategy": "random",
      "seeds": 20, "found": 20, "median": 5, "max": 13, "ms": 1500.0})"));
  EXPECT_TRUE(json[1]["median"].is_null());
  EXPECT_TRUE(json[2]["max"].is_null());
}

TEST(StrategyNamed, KnowsThemAll) {
  for (const Strategy strategy : kAllStrategies)
    EXPECT_EQ(StrategyNamed(ToString(strategy)), strategy);
}

TEST(StrategyNamed, RefusesOthersWithASuggestion) {
  const auto refusal = [](const std::string& name) -> std::string {
    try {
      static_cast<void>(StrategyNamed(name));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "it was taken";
  };
  EXPECT_THAT(refusal("portfollio"), HasSubstr("did you mean portfolio?"));
  EXPECT_THAT(refusal("Random"), HasSubstr("did you mean random?"));
  EXPECT_EQ(refusal("depth first"),
            "no strategy is named \"depth first\"; there are random, pct, pos, surw, portfolio, "
            "exhaustive");
}

}  // namespace
