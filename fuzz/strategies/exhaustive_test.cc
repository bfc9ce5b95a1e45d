// The exhaustive strategy: how much it runs, and what it says of what it could not.
#include "fuzz/strategies/exhaustive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "fuzz/strategies/brute_force.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::ExploreAll;
using taskleak::internal::Found;
using taskleak::internal::Log;
using taskleak::internal::Program;
using taskleak::internal::Reduction;

// What is dependent must be known to be: the number of runs is that of the orders that differ.
TEST(ExhaustiveStrategy, RunsEachOrderOfDependentStepsOnce) {
  const auto runs = [](const std::function<void(Log&)>& body) {
    const Found found = ExploreAll({"", body}, Reduction::kSourceSets);
    EXPECT_TRUE(found.proven) << found.verdict;
    return found.runs;
  };
  EXPECT_EQ(runs([](Log&) {
              const auto a = MakeChan<int>(1);
              const auto b = MakeChan<int>(1);
              Go([=] { a.Send(1); });
              Go([=] { b.Send(1); });
            }),
            1u);
  EXPECT_EQ(runs([](Log&) {
              const auto a = MakeChan<int>(2);
              Go([=] { a.Send(1); });
              Go([=] { a.Send(2); });
            }),
            2u);
  EXPECT_EQ(runs([](Log&) {
              const auto a = MakeChan<int>(3);
              for (int i = 0; i < 3; ++i) Go([=] { a.Send(i); });
            }),
            6u);
}

TEST(ExhaustiveStrategy, SaysWhatBoundedIt) {
  const Program spinning{"", [](Log&) {
                           const auto flag = std::make_shared<Atomic<bool>>(false);
                           Go([=] { flag->Store(true); });
                           while (!flag->Load()) Yield();
                         }};
  const Found cut = ExploreAll(spinning, Reduction::kSourceSets, 50);
  EXPECT_FALSE(cut.proven);
  EXPECT_THAT(cut.verdict, testing::HasSubstr("not verified: the search ended after 50 runs"));

  const Program wide{"", [](Log& log) { log(0, FuzzInt(0, 1000)); }};
  const Found ends = ExploreAll(wide, Reduction::kSourceSets);
  EXPECT_EQ(ends.outcomes.size(), 2u);
  EXPECT_FALSE(ends.proven);
  EXPECT_THAT(ends.verdict, testing::HasSubstr("of wide ranges of fuzzed data only the ends"));

  const Program narrow{"", [](Log& log) { log(0, FuzzInt(-7, 8)); }};
  const Found all = ExploreAll(narrow, Reduction::kSourceSets);
  EXPECT_EQ(all.outcomes.size(), 16u);
  EXPECT_TRUE(all.proven) << all.verdict;

  const Program flood{"", [](Log&) {
                        const auto ch = MakeChan<int>(20'000);
                        for (int i = 0; i < 20'000; ++i) {
                          ch.Send(i);
                          if (i == 0) Go([] {});
                        }
                      }};
  const Found large = ExploreAll(flood, Reduction::kSourceSets, 100, std::nullopt, 100'000);
  EXPECT_EQ(large.runs, 1u);
  EXPECT_FALSE(large.proven);
  EXPECT_THAT(large.verdict, testing::HasSubstr("a run has more than 10000 steps"));

  int times = 0;
  const Program forgetful{"", [&times](Log&) {
                            const auto ch = MakeChan<int>(3);
                            if (++times % 2 == 0) ch.Send(0);
                            Go([=] { ch.Send(1); });
                            ch.Send(2);
                          }};
  const Found other = ExploreAll(forgetful, Reduction::kSourceSets, 100);
  EXPECT_FALSE(other.proven);
  EXPECT_THAT(other.verdict, testing::HasSubstr("does not do the same each time"));
}

// Two tasks that take turns twice need two preemptions to be seen in each other's way.
TEST(ExhaustiveStrategy, BoundsPreemptions) {
  const Program program{"", [](Log& log) {
                          const auto value = std::make_shared<Atomic<int>>(0);
                          Go("t", [=] {
                            const int seen = value->Load();
                            value->Store(seen + 1);
                          });
                          const int seen = value->Load();
                          value->Store(seen + 1);
                          Yield();
                          log(0, value->Load());
                        }};
  std::uint64_t runs = 0;
  std::size_t outcomes = 0;
  for (const int bound : {0, 1, 2, 3}) {
    const Found found = ExploreAll(program, Reduction::kSourceSets, 100'000, bound);
    EXPECT_GT(found.runs, runs) << "a wider bound allows more";
    EXPECT_GE(found.outcomes.size(), outcomes);
    runs = found.runs;
    outcomes = found.outcomes.size();
    EXPECT_FALSE(found.proven);
    EXPECT_THAT(found.verdict,
                testing::HasSubstr("no more than " + std::to_string(bound) + " preemption"));
  }
  EXPECT_EQ(outcomes, ExploreAll(program, Reduction::kNone).outcomes.size());
}

TEST(ExhaustiveStrategy, DoesNotReduceWherePlainMemoryIsMarked) {
  const auto verdict = [](bool marked) {
    const Program program{"", [marked](Log&) {
                            const auto value = std::make_shared<int>(0);
                            Go([=] { *value = 1; });
                            if (marked) PreemptionPoint();
                          }};
    return ExploreAll(program, Reduction::kSourceSets).verdict;
  };
  const auto unreduced =
      testing::HasSubstr("nothing reduced, since PreemptionPoint marks plain memory");
  EXPECT_THAT(verdict(true), unreduced);
  EXPECT_THAT(verdict(false), testing::Not(unreduced));
}

}  // namespace
