// The portfolio: every member has its share, what pays has more, and what one of them finds is
// found.
#include "fuzz/strategies/portfolio.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "fuzz/strategies/testing.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FaultKinds;
using taskleak::internal::PctRuns;
using taskleak::internal::PortfolioStrategy;
using taskleak::internal::RunResult;
using taskleak::internal::Search;

// Feeds it the traces of runs that never were: those of each member's that `is_new` says.
template <class F>
auto SharesAfter(std::uint64_t runs, F is_new) {
  PortfolioStrategy portfolio(1, FaultKinds{});
  auto before = portfolio.shares();
  for (std::uint64_t i = 0; i < runs; ++i) {
    portfolio.Begin(i);
    const auto after = portfolio.shares();
    std::size_t member = 0;
    while (after[member] == before[member]) ++member;
    before = after;
    RunResult result;
    result.trace_hash = is_new(member) ? i + 1 : 1;
    portfolio.End(result);
  }
  return before;
}

TEST(Portfolio, EveryMemberHasItsShare) {
  constexpr std::uint64_t kRuns = 16'000;
  for (std::size_t only = 0; only < PortfolioStrategy::kMembers; ++only) {
    const auto shares = SharesAfter(kRuns, [&](std::size_t member) { return member == only; });
    std::uint64_t all = 0;
    for (const std::uint64_t share : shares) {
      EXPECT_GE(share, kRuns / 16);
      all += share;
    }
    EXPECT_EQ(all, kRuns);
  }
}

TEST(Portfolio, WhatBringsNothingNewGivesItsTurnsToTheOthers) {
  const auto equal = SharesAfter(16'000, [](std::size_t) { return true; });
  for (std::size_t only = 0; only < PortfolioStrategy::kMembers; ++only) {
    const auto shares = SharesAfter(16'000, [&](std::size_t member) { return member == only; });
    EXPECT_GT(shares[only], equal[only]) << only;
    const auto without = SharesAfter(16'000, [&](std::size_t member) { return member != only; });
    EXPECT_LT(without[only], equal[only]) << only;
  }
}

TEST(Portfolio, SaysHowManyRunsOfPctWereUndisturbed) {
  Search search(Strategy::kPortfolio, 1);
  search.Hashes(3000, internal::ThreeTasks);
  const PctRuns runs = search.driver().pct_runs();
  EXPECT_EQ(runs.tasks, 4u);
  EXPECT_GT(runs.runs[0], 0u);
}

// A leak for each member that another one finds late or never, and the cure of each.
TEST(Portfolio, FindsWhatItsMembersFind) {
  const auto starved = [](bool fixed) {  // PCT's: a task falls behind at once, and stays there.
    return [fixed] {
      const auto count = std::make_shared<int>(0);
      const auto lost = MakeChan<int>();
      const auto shared = MakeChan<int>(1000);
      Go([=] {
        for (int n = 0; n < 100; ++n) {
          shared.Send(n);
          ++*count;
        }
      });
      Go([=] {
        shared.Send(0);
        const bool early = *count < 5;
        shared.Send(0);
        if (early && *count == 100 && !fixed) lost.Recv();
      });
    };
  };
  const auto alternating = [](bool fixed) {  // The others': nobody goes twice in a row.
    return [fixed] {
      const auto last = std::make_shared<int>(-1);
      const auto changes = std::make_shared<int>(0);
      const auto lost = MakeChan<int>();
      for (int i = 0; i < 2; ++i) {
        Go([=] {
          for (int n = 0; n < 4; ++n) {
            PreemptionPoint();
            if (std::exchange(*last, i) != i) ++*changes;
          }
          if (*changes == 8 && !fixed) lost.Recv();
        });
      }
    };
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_NE(Search(Strategy::kPortfolio, seed).FirstFailure(20'000, starved(false)), 0u) << seed;
    EXPECT_EQ(Search(Strategy::kPortfolio, seed).FirstFailure(500, starved(true)), 0u) << seed;
    EXPECT_NE(Search(Strategy::kPortfolio, seed).FirstFailure(20'000, alternating(false)), 0u)
        << seed;
    EXPECT_EQ(Search(Strategy::kPortfolio, seed).FirstFailure(500, alternating(true)), 0u) << seed;
  }
}

}  // namespace
