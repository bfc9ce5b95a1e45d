// How a search goes: its limits, its seed, how it is stopped, what it counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "taskleak/error.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;

ExploreOptions Quiet(std::uint64_t schedules) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  return options;
}

// Leaks nothing, and has much to decide.
void Clean() {
  auto [ctx, cancel] = WithTimeout(Background(), 2s);
  MayCancel(cancel);
  const auto ch = MakeChan<std::int64_t>(2);
  WaitGroup senders;
  for (int i = 0; i < 3; ++i) {
    senders.Go("sender", [=, ctx = ctx] {
      for (std::int64_t n = FuzzInt(0, 3); n >= 0; --n) {
        if (EarlyReturn("sender")) return;
        if (Select(OnSend(ch, n), OnRecv(ctx.Done())) == 1) return;
        Sleep(300ms);
      }
    });
  }
  Go("closer", [&senders, ch] {
    senders.Wait();
    ch.Close();
  });
  while (ch.Recv().has_value()) {
  }
}

// Leaks in one schedule of some dozens.
void Rare() {
  const auto ch = MakeChan<int>();
  Go("helper", [ch] { ch.Send(1); });
  for (int i = 0; i < 4; ++i)
    if (FuzzInt(0, 3) != 2) return static_cast<void>(ch.Recv());
}

TEST(ExploreOptions, CanBeGivenByName) {
  const ExploreOptions few{.schedules = 5, .seed = 2, .quiet = true};
  EXPECT_EQ(Explore(Clean, few).schedules, 5u);
  const ExploreOptions all{.strategy = Strategy::kRandom,
                           .schedules = 7,
                           .seed = 3,
                           .max_steps = 10'000,
                           .budget = 1h,
                           .keep_going = true,
                           .faults = kAllFaults & ~kHolds,
                           .shrink_budget = 1s,
                           .stack_size = 128 << 10,
                           .root_stack_size = 512 << 10,
                           .teardown = Teardown::kUnwind,
                           .watchdog = 10s,
                           .quiet = true,
                           .name = "all",
                           .on_progress = [](const Progress&) { return true; }};
  EXPECT_EQ(Explore(Clean, all).schedules, 7u);
}

TEST(Search, EndsAtTheNumberOfSchedules) {
  for (const std::uint64_t schedules :
       {std::uint64_t{1}, std::uint64_t{63}, std::uint64_t{64}, std::uint64_t{1000}}) {
    const ExploreResult result = Explore(Clean, Quiet(schedules));
    EXPECT_EQ(result.schedules, schedules);
    EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
    EXPECT_FALSE(result.exhausted) << "a random walk never knows that it has seen all";
    EXPECT_FALSE(result.interrupted);
    EXPECT_FALSE(result.skipped);
    EXPECT_GT(result.steps, schedules * 5);
    EXPECT_EQ(result.peak_tasks, 5u) << "root, three senders and the closer";
  }
}

TEST(Search, RunsTheBodyOnceForEachSchedule) {
  std::uint64_t runs = 0;
  const ExploreResult result = Explore([&runs] { ++runs; }, Quiet(321));
  EXPECT_EQ(runs, 321u);
  EXPECT_EQ(result.schedules, runs);
}

TEST(Search, EndsWithItsBudget) {
  ExploreOptions options = Quiet(0);
  options.budget = 20ms;
  const ExploreResult result = Explore(Clean, options);
  EXPECT_GT(result.schedules, 0u);
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_FALSE(result.interrupted) << "it came to its end";
  // The first limit reached counts.
  options.budget = 24h;
  options.schedules = 10;
  EXPECT_EQ(Explore(Clean, options).schedules, 10u);
}

TEST(Search, CountsUpToAndIncludingTheFailingSchedule) {
  ExploreOptions options = Quiet(10'000);
  const ExploreResult result = Explore(Rare, options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_GT(result.schedules, 1u) << "the fair run does not show it";
  EXPECT_EQ(result.failure->found_after, result.schedules);
  EXPECT_EQ(result.failure->out_of, 10'000u);
  // One less does not find it, just as many do.
  options.schedules = result.schedules - 1;
  EXPECT_FALSE(Explore(Rare, options).failure.has_value());
  options.schedules = result.schedules;
  EXPECT_TRUE(Explore(Rare, options).failure.has_value());
}

TEST(Search, StopsAtTheFirstFailure) {
  const ExploreResult result = Explore(Rare, Quiet(10'000));
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_LT(result.schedules, 10'000u);
  EXPECT_EQ(result.failures[0].Text(), result.failure->Text());
}

TEST(Search, TheSameSeedGivesTheSameSearch) {
  for (const std::uint64_t seed :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{12345678901234567}}) {
    ExploreOptions options = Quiet(300);
    options.seed = seed;
    const ExploreResult first = Explore(Clean, options);
    const ExploreResult again = Explore(Clean, options);
    EXPECT_EQ(again.trace_hash, first.trace_hash) << "seed " << seed;
    EXPECT_EQ(again.steps, first.steps);
    options.schedules = 20'000;
    const ExploreResult found = Explore(Rare, options);
    const ExploreResult found_again = Explore(Rare, options);
    ASSERT_TRUE(found.failure.has_value() && found_again.failure.has_value());
    EXPECT_EQ(found_again.schedules, found.schedules);
    EXPECT_EQ(found_again.failure->schedule, found.failure->schedule);
    EXPECT_EQ(found_again.failure->Text(), found.failure->Text());
  }
}

TEST(Search, AnotherSeedGivesAnotherSearch) {
  ExploreOptions options = Quiet(300);
  const std::uint64_t first = Explore(Clean, options).trace_hash;
  options.seed = 2;
  EXPECT_NE(Explore(Clean, options).trace_hash, first);
}

// The same seed gives the same traces in every build: release, gcc, asan, tsan. When a strategy
// changes, take the new number from the failure; when the simulator does, the canonical run's too,
// and say in the changelog that recorded schedules break.
TEST(Search, GivesTheSameTracesInEveryBuild) {
  const std::pair<Strategy, std::uint64_t> expected[] = {
      {Strategy::kRandom, 17604014992226163692u},
      {Strategy::kPct, 5326979493824212533u},
      {Strategy::kPos, 6371163134121203784u},
      {Strategy::kSurw, 4867053246874355761u},
      {Strategy::kPortfolio, 13450088275381110578u}};
  for (const auto& [strategy, trace_hash] : expected) {
    ExploreOptions options = Quiet(500);
    options.strategy = strategy;
    EXPECT_EQ(Explore(Clean, options).trace_hash, trace_hash) << ToString(strategy);
  }
  const ExploreResult canonical = Replay(Clean, Schedule(), Quiet(1));
  EXPECT_EQ(canonical.trace_hash, 9389575517244924028u);
}

TEST(Search, KindsOfFaultCanBeSwitchedOff) {
  const auto leaks_by = [](std::uint8_t faults, const Body& body) {
    ExploreOptions options = Quiet(2000);
    options.faults = faults;
    const ExploreResult result = Explore(body, options);
    if (result.failure.has_value()) {
      EXPECT_EQ(result.failure->schedule.faults, faults) << "the token carries them";
    }
    return result.failure.has_value();
  };
  const Body early = [] {
    const auto ch = MakeChan<int>();
    Go([ch] { ch.Send(1); });
    if (!EarlyReturn("early")) static_cast<void>(ch.Recv());
  };
  const Body cancels = [] {
    auto [ctx, cancel] = WithCancel(Background());
    MayCancel(cancel);
    const auto ch = MakeChan<int>();
    Go([ch] { ch.Send(1); });
    Select(OnRecv(ch), OnRecv(ctx.Done()));
  };
  const Body closes = [] {
    const auto ch = MakeChan<int>();
    const auto stop = MakeChan<Unit>();
    MayClose(stop);
    Go([ch] { ch.Send(1); });
    Select(OnRecv(ch), OnRecv(stop));
  };
  const Body data = [] {
    if (FuzzInt(0, 5) == 4) Go([] { Select(); });
  };
  EXPECT_TRUE(leaks_by(kAllFaults, early));
  EXPECT_FALSE(leaks_by(kAllFaults & ~kEarlyReturns, early));
  EXPECT_TRUE(leaks_by(kAllFaults, cancels));
  EXPECT_FALSE(leaks_by(kAllFaults & ~kCancels, cancels));
  EXPECT_TRUE(leaks_by(kAllFaults, closes));
  EXPECT_FALSE(leaks_by(kAllFaults & ~kCloses, closes));
  EXPECT_TRUE(leaks_by(kAllFaults, data));
  EXPECT_FALSE(leaks_by(kAllFaults & ~kFuzzedData, data));
}

// ---- Stopping.

TEST(Progress, IsToldNowAndThenAndEndsTheSearch) {
  ExploreOptions options = Quiet(0);
  std::vector<std::uint64_t> told;
  options.on_progress = [&told](const Progress& progress) {
    EXPECT_FALSE(progress.shrinking);
    told.push_back(progress.schedules);
    return told.size() < 5;
  };
  const ExploreResult result = Explore(Clean, options);
  EXPECT_EQ(told.size(), 5u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(result.schedules, told.back());
  EXPECT_TRUE(result.interrupted);
  EXPECT_FALSE(result.failure.has_value());
}

TEST(Progress, CostsNotMoreInALongSearch) {
  // It is said to be told now and then: not after every single schedule once many operations were
  // done.
  ExploreOptions options = Quiet(30'000);
  std::uint64_t told = 0;
  options.on_progress = [&told](const Progress&) { return ++told > 0; };
  const ExploreResult result = Explore(
      [] {
        for (int i = 0; i < 50; ++i) Yield();
      },
      options);
  EXPECT_GT(result.steps, 1'000'000u);
  EXPECT_LT(told, result.schedules / 8);
}

TEST(Progress, EndsShrinking) {
  ExploreOptions options = Quiet(10'000);
  bool shrinking = false;
  options.on_progress = [&shrinking](const Progress& progress) {
    shrinking |= progress.shrinking;
    return !progress.shrinking;
  };
  const ExploreResult result = Explore(
      [] {
        // Needs many decisions, so that shrinking takes more than a few trials.
        int sum = 0;
        for (int i = 0; i < 100; ++i) sum += FuzzBool() ? 1 : 0;
        if (sum >= 30) Go([] { Select(); });
      },
      options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_TRUE(shrinking);
  EXPECT_FALSE(result.failure->minimal);
}

class StopTest : public testing::Test {
 protected:
  ~StopTest() override { ClearStop(); }
};

TEST_F(StopTest, EndsAtTheNextSchedule) {
  int runs = 0;
  const ExploreResult result = Explore(
      [&runs] {
        if (++runs == 10) RequestStop();
      },
      Quiet(1000));
  EXPECT_EQ(result.schedules, 10u);
  EXPECT_TRUE(result.interrupted);
  EXPECT_FALSE(result.failure.has_value());
}

TEST_F(StopTest, HoldsForAllSearchesUntilTakenBack) {
  RequestStop();
  EXPECT_TRUE(Explore(Clean, Quiet(1000)).interrupted);
  EXPECT_TRUE(Explore(Clean, Quiet(1000)).interrupted);
  ClearStop();
  EXPECT_EQ(Explore(Clean, Quiet(1000)).schedules, 1000u);
}

TEST_F(StopTest, WhatWasFoundIsStillReported) {
  const ExploreResult result = Explore(
      [] {
        RequestStop();
        Go("stuck", [] { Select(); });
      },
      Quiet(1000));
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kLeak);
  EXPECT_EQ(result.schedules, 1u);
}

// ---- Going on.

std::set<std::string> Operations(const ExploreResult& result) {
  std::set<std::string> operations;
  for (const Failure& failure : result.failures)
    for (const TaskSnapshot& task : failure.leaked) operations.insert(task.operation);
  return operations;
}

TEST(KeepGoing, CollectsDistinctFailures) {
  ExploreOptions options = Quiet(2000);
  options.keep_going = true;
  const ExploreResult result = Explore(
      [] {
        const auto ch = MakeChan<int>();
        switch (FuzzInt(0, 3)) {
          case 1:
            return static_cast<void>(Go("sends", [ch] { ch.Send(1); }));
          case 2:
            return static_cast<void>(Go("receives", [ch] { static_cast<void>(ch.Recv()); }));
          case 3:
            throw std::runtime_error("three");
          default:
            return;
        }
      },
      options);
  EXPECT_EQ(result.schedules, 2000u) << "it goes on to its limit";
  ASSERT_EQ(result.failures.size(), 3u) << "each once";
  EXPECT_EQ(result.failure->Text(), result.failures.front().Text());
  std::set<FailureKind> kinds;
  std::set<std::string> operations;
  for (const Failure& failure : result.failures) {
    kinds.insert(failure.kind);
    EXPECT_TRUE(failure.minimal);
    EXPECT_EQ(failure.schedule.size(), 1u);
    for (const TaskSnapshot& task : failure.leaked) operations.insert(task.operation);
  }
  EXPECT_EQ(kinds, (std::set<FailureKind>{FailureKind::kLeak, FailureKind::kException}));
  EXPECT_TRUE(operations.contains("chan send") && operations.contains("chan recv"));
}

TEST(KeepGoing, FindsALeakThatOnlyShowsBesideAnother) {
  ExploreOptions options = Quiet(2000);
  options.keep_going = true;
  const ExploreResult result = Explore(
      [] {
        const auto ch = MakeChan<int>();
        Go("always", [ch] { ch.Send(1); });
        if (EarlyReturn("some day"))
          Go("sometimes", [] { static_cast<void>(MakeChan<int>().Recv()); });
      },
      options);
  EXPECT_EQ(Operations(result), (std::set<std::string>{"chan send", "chan recv"}));
}

TEST(KeepGoing, HoldsOnACleanBody) {
  ExploreOptions options = Quiet(500);
  options.keep_going = true;
  const ExploreResult result = Explore(Clean, options);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_EQ(result.schedules, 500u);
}

// ---- Shrinking.

TEST(Shrinking, CanBeSwitchedOff) {
  ExploreOptions options = Quiet(10'000);
  options.shrink_budget = 0s;
  const ExploreResult result = Explore(Rare, options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_FALSE(result.failure->minimal);
  EXPECT_EQ(result.failure->schedule.size(), result.failure->entries_before_shrinking);
  EXPECT_NE(result.failure->Text().find("shrinking was off"), std::string::npos);
}

TEST(Shrinking, LeavesOnlyWhatMatters) {
  const ExploreResult result = Explore(Rare, Quiet(10'000));
  ASSERT_TRUE(result.failure.has_value());
  const Failure& failure = *result.failure;
  EXPECT_TRUE(failure.minimal);
  EXPECT_EQ(failure.schedule.size(), 4u) << "four numbers must be two";
  EXPECT_GE(failure.entries_before_shrinking, failure.schedule.size());
  // No entry can be left out.
  for (std::size_t i = 0; i < failure.schedule.size(); ++i) {
    std::vector<ScheduleEntry> entries = failure.schedule.entries();
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(Replay(Rare, Schedule(entries), Quiet(1)).failure.has_value());
  }
}

}  // namespace
