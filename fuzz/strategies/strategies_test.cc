// What every random strategy promises: one seed, one sequence of schedules; many different ones;
// nothing that is not offered or was switched off; no task left behind for ever.
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fuzz/strategies/testing.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::Everything;
using taskleak::internal::FaultKinds;
using taskleak::internal::LoggedException;
using taskleak::internal::MakeStrategy;
using taskleak::internal::RunEnd;
using taskleak::internal::RunResult;
using taskleak::internal::Search;
using taskleak::internal::ThreeTasks;
using Kind = LoggedException::Kind;

class EachStrategy : public testing::TestWithParam<Strategy> {
 protected:
  // Which kinds of decision were not canonical, in a thousand schedules.
  static std::set<Kind> KindsTaken(const FaultKinds& kinds) {
    Search search(GetParam(), 1, kinds);
    std::set<Kind> taken;
    for (int i = 0; i < 1000; ++i) {
      search.Next(Everything);
      for (const LoggedException& exception : search.simulator().log())
        taken.insert(exception.kind);
    }
    return taken;
  }
};

INSTANTIATE_TEST_SUITE_P(Random, EachStrategy,
                         testing::Values(Strategy::kRandom, Strategy::kPct, Strategy::kPos,
                                         Strategy::kSurw, Strategy::kPortfolio),
                         [](const auto& strategy) {
                           return std::string(ToString(strategy.param));
                         });

TEST_P(EachStrategy, IsTheSameForTheSameSeed) {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
    EXPECT_EQ(Search(GetParam(), seed).Hashes(300, Everything),
              Search(GetParam(), seed).Hashes(300, Everything))
        << "seed " << seed;
  }
}

TEST_P(EachStrategy, IsAnotherForAnotherSeed) {
  EXPECT_NE(Search(GetParam(), 1).Hashes(50, Everything),
            Search(GetParam(), 2).Hashes(50, Everything));
}

TEST_P(EachStrategy, Explores) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<std::uint64_t> small = Search(GetParam(), seed).Hashes(1000, ThreeTasks);
    // Two operations of three tasks have 90 orders.
    EXPECT_GT(std::set(small.begin(), small.end()).size(), 45u) << "seed " << seed;
    const std::vector<std::uint64_t> large = Search(GetParam(), seed).Hashes(1000, Everything);
    EXPECT_GT(std::set(large.begin(), large.end()).size(), 500u) << "seed " << seed;
  }
}

// Every order of three tasks that each do one thing.
TEST_P(EachStrategy, ReachesEveryOrder) {
  std::string order;
  const auto body = [&order] {
    order.clear();
    for (const char name : {'a', 'b', 'c'}) {
      Go([&order, name] {
        PreemptionPoint();
        order += name;
      });
    }
  };
  Search search(GetParam(), 1);
  std::set<std::string> orders;
  for (int i = 0; i < 500; ++i) {
    search.Next(body);
    orders.insert(order);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"abc", "acb", "bac", "bca", "cab", "cba"}));
}

TEST_P(EachStrategy, UsesAllThatIsAllowed) {
  std::set<Kind> all{Kind::kTask, Kind::kTimer,       Kind::kFault,
                     Kind::kCase, Kind::kEarlyReturn, Kind::kData};
  std::set<Kind> taken = KindsTaken({});
  taken.erase(Kind::kHold);  // What falls behind the clock needs none.
  EXPECT_EQ(taken, all);
}

TEST_P(EachStrategy, LeavesOutWhatIsSwitchedOff) {
  EXPECT_FALSE(KindsTaken({.early_return = false}).contains(Kind::kEarlyReturn));
  EXPECT_FALSE(KindsTaken({.cancel = false, .close = false}).contains(Kind::kFault));
  EXPECT_TRUE(KindsTaken({.cancel = false}).contains(Kind::kFault)) << "closes are left";
  EXPECT_TRUE(KindsTaken({.close = false}).contains(Kind::kFault)) << "cancels are left";
  EXPECT_FALSE(KindsTaken({.holds = false}).contains(Kind::kHold));
  EXPECT_FALSE(KindsTaken({.data = false}).contains(Kind::kData));
}

// With early timers off, a timer is only ever chosen among those due together when nothing can run.
TEST_P(EachStrategy, FiresNoTimerEarlyWhenThatIsSwitchedOff) {
  int early = 0;
  const auto body = [&early] {
    const auto fired = std::make_shared<bool>(false);
    static_cast<void>(AfterFunc(1ms, [fired] { *fired = true; }));
    Go([] {
      for (int i = 0; i < 40; ++i) PreemptionPoint();
    });
    for (int i = 0; i < 40; ++i) PreemptionPoint();
    if (*fired) ++early;
    Sleep(2ms);
  };
  const auto count = [&](bool early_timers) {
    // Without holds: what is held stands behind the timers.
    Search search(GetParam(), 1, {.early_timers = early_timers, .holds = false});
    early = 0;
    for (int i = 0; i < 300; ++i) search.Next(body);
    return early;
  };
  EXPECT_EQ(count(false), 0);
  EXPECT_GT(count(true), 0);
}

// Whatever its temper, it lets a task go on that stands before an operation while a ticker ticks.
TEST_P(EachStrategy, DoesNotFireATickerForEver) {
  const auto body = [] {
    const Ticker ticker = NewTicker(1ms);
    Go([ticker] {
      for (int i = 0; i < 20; ++i) PreemptionPoint();
      ticker.Stop();
    });
    Go([ticker] {
      for (int i = 0; i < 5; ++i) Select(OnRecv(ticker.C()), OnAfter(3ms));
    });
    for (int i = 0; i < 20; ++i) PreemptionPoint();
  };
  Search search(GetParam(), 1);
  for (int i = 0; i < 1000; ++i) {
    const RunResult result = search.Next(body);
    ASSERT_EQ(result.end, RunEnd::kClean) << "schedule " << i;
    ASSERT_LT(result.steps, 1000u) << "schedule " << i;
  }
}

// Neither a task that spins nor two that hand over to each other for ever, nor one that sleeps in a
// loop, keeps the one from running that they wait for.
TEST_P(EachStrategy, LeavesNobodyBehindForEver) {
  const auto body = [] {
    const auto done = std::make_shared<Atomic<bool>>(false);
    const auto there = MakeChan<int>();
    const auto back = MakeChan<int>();
    Go([done, there, back] {
      while (!done->load()) {
        there.Send(1);
        back.Recv();
      }
      there.Close();
    });
    Go([there, back] {
      while (there.Recv()) back.Send(1);
    });
    Go([done] {
      while (!done->load()) Yield();
    });
    Go([done] {
      while (!done->load()) Sleep(1ms);
    });
    for (int i = 0; i < 10; ++i) PreemptionPoint();
    done->store(true);
  };
  Search search(GetParam(), 1);
  for (int i = 0; i < 300; ++i) {
    const RunResult result = search.Next(body);
    ASSERT_EQ(result.end, RunEnd::kClean) << "schedule " << i;
    ASSERT_LT(result.steps, 50'000u) << "schedule " << i;
  }
}

// More tasks than it looks at, and many timers due at once.
TEST_P(EachStrategy, CopesWithManyTasks) {
  const auto body = [] {
    const auto channel = MakeChan<int>(10);
    for (int task = 0; task < 500; ++task) {
      Go([channel] {
        Sleep(1ms);
        channel.Send(1);
      });
    }
    for (int i = 0; i < 500; ++i) channel.Recv();
  };
  Search search(GetParam(), 1);
  for (int i = 0; i < 40; ++i) ASSERT_EQ(search.Next(body).end, RunEnd::kClean) << i;
}

}  // namespace
