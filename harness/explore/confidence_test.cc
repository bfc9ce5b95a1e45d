// What a search without a failure says of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace taskleak {
namespace {

using testing::HasSubstr;
using testing::Not;

void TwoSenders() {
  const auto channel = MakeChan<int>();
  for (int i = 0; i < 2; ++i)
    Go([channel] {
      channel.Send(1);
      channel.Send(2);
    });
  for (int i = 0; i < 4; ++i) channel.Recv();
}

Confidence Search(Strategy strategy, std::uint64_t schedules, const Body& body = TwoSenders) {
  ExploreOptions options;
  options.strategy = strategy;
  options.schedules = schedules;
  options.quiet = true;
  const ExploreResult result = Explore(body, options);
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_EQ(result.confidence.schedules, result.schedules);
  return result.confidence;
}

TEST(Confidence, CountsTracesAndPairs) {
  const Confidence few = Search(Strategy::kRandom, 1);
  EXPECT_EQ(few.traces, 1u);
  EXPECT_EQ(few.sampled, 1u);
  const Confidence many = Search(Strategy::kRandom, 2000);
  EXPECT_GT(many.traces, 10u);
  EXPECT_LT(many.traces, 2000u) << "there are not so many";
  EXPECT_EQ(many.sampled, 16u + 31u);
  EXPECT_GT(many.pairs, few.pairs);
  EXPECT_LE(many.last_new_pair, many.sampled);
  EXPECT_GT(many.last_new_pair, 1u);
  EXPECT_FALSE(many.traces_at_least);
  const Confidence one = Search(Strategy::kRandom, 100, [] {});
  EXPECT_EQ(one.traces, 1u);
  EXPECT_EQ(one.pairs, 0u);
}

TEST(Confidence, ComesWithTheBoundOfPctOnlyWherePctRan) {
  for (const Strategy strategy : {Strategy::kRandom, Strategy::kPos, Strategy::kSurw}) {
    const Confidence confidence = Search(strategy, 500);
    for (int depth = 0; depth <= 4; ++depth)
      EXPECT_EQ(confidence.Missed(depth), std::nullopt) << ToString(strategy);
    EXPECT_THAT(confidence.Text(), Not(HasSubstr("missed")));
  }
  for (const Strategy strategy : {Strategy::kPct, Strategy::kPortfolio}) {
    const Confidence confidence = Search(strategy, 4000);
    EXPECT_EQ(confidence.pct_tasks, 3u);
    for (int depth = 1; depth <= 3; ++depth)
      ASSERT_TRUE(confidence.Missed(depth).has_value()) << ToString(strategy);
    EXPECT_LT(*confidence.Missed(1), 1e-3);
    EXPECT_LT(*confidence.Missed(1), *confidence.Missed(2));
    EXPECT_LT(*confidence.Missed(2), *confidence.Missed(3));
    EXPECT_EQ(confidence.Missed(4), std::nullopt);
  }
}

TEST(Confidence, TheBoundIsThePapers) {
  Confidence confidence;
  confidence.pct_tasks = 4;
  confidence.pct_points = 10;
  confidence.pct_runs[0] = 3;
  confidence.pct_runs[1] = 100;
  EXPECT_DOUBLE_EQ(*confidence.Missed(1), std::pow(1 - 1.0 / 4, 3));
  EXPECT_NEAR(*confidence.Missed(2), std::pow(1 - 1.0 / 40, 100), 1e-12);
  EXPECT_EQ(confidence.Missed(3), std::nullopt) << "no such run";
  confidence.pct_tasks = 1;
  EXPECT_EQ(confidence.Missed(1), 0) << "one task has one order";
  // So many runs, and each finds so little: no figure is lost to rounding.
  confidence.pct_tasks = 100;
  confidence.pct_points = 100'000'000;
  confidence.pct_runs[2] = 1'000'000'000;
  EXPECT_LT(*confidence.Missed(3), 1);
}

TEST(Confidence, IsOneLine) {
  Confidence confidence;
  confidence.schedules = 10'000;
  confidence.traces = 9000;
  confidence.sampled = 172;
  confidence.pairs = 41;
  confidence.last_new_pair = 12;
  EXPECT_EQ(confidence.Text(),
            "10000 schedules, 9000 traces; 41 pairs of operations, the last new one in run 12 of "
            "172 sampled");
  confidence.traces_at_least = true;
  confidence.pct_tasks = 7;
  confidence.pct_points = 150;
  confidence.pct_runs[0] = 200;
  confidence.pct_runs[1] = 200;
  EXPECT_EQ(
      confidence.Text(),
      "10000 schedules, at least 9000 traces; 41 pairs of operations, the last new one in run "
      "12 of 172 sampled; an ordering bug of depth 1, 2 missed with at most 0.01 %, 83 % (PCT: 7 "
      "tasks, "
      "150 points)");
  confidence.pct_runs[0] = confidence.pct_runs[1] = 0;
  confidence.pct_runs[2] = 200;
  EXPECT_THAT(confidence.Text(),
              HasSubstr("; an ordering bug of depth 3 missed with at most 99.9 % ("));
  confidence.pct_runs[2] = 1;
  EXPECT_THAT(confidence.Text(), HasSubstr("at most 100 % (")) << "rounded up: it says nothing";
  EXPECT_EQ(Confidence().Text(), "0 schedules, 0 traces");
}

}  // namespace
}  // namespace taskleak
