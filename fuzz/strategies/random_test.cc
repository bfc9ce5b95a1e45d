// The random walk: the same for one seed, many different runs, and nothing that was switched off.
#include "fuzz/strategies/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "src/runtime/sim/simulator.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FaultKinds;
using taskleak::internal::LoggedException;
using taskleak::internal::MakeStrategy;
using taskleak::internal::RandomStrategy;
using taskleak::internal::RunEnd;
using taskleak::internal::RunResult;
using taskleak::internal::Simulator;
using Kind = LoggedException::Kind;

// Has something of every kind to decide.
void Everything() {
  auto [ctx, cancel] = WithTimeout(Background(), 5ms);
  MayCancel(cancel);
  const auto ch = MakeChan<int>(1);
  const auto other = MakeChan<int>();
  MayClose(other);
  for (int i = 0; i < 3; ++i) {
    Go([=, ctx = ctx] {
      for (int n = 0; n < 4; ++n) {
        if (EarlyReturn("worker")) return;
        if (Select(OnSend(ch, n), OnRecv(ctx.Done()), OnRecv(other)) != 0) return;
        Sleep(1ms);
      }
    });
  }
  const std::int64_t receives = FuzzInt(1, 12);
  for (std::int64_t i = 0; i < receives; ++i) Select(OnRecv(ch), OnRecv(ctx.Done()), OnRecv(other));
  cancel();
}

void ThreeTasks() {
  for (int i = 0; i < 3; ++i) {
    Go([] {
      PreemptionPoint();
      PreemptionPoint();
    });
  }
}

std::vector<std::uint64_t> Hashes(std::uint64_t seed, std::uint64_t count,
                                  const std::function<void()>& body) {
  Simulator simulator;
  RandomStrategy strategy(seed, FaultKinds{});
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(strategy.Begin(i)) << "it never comes to an end";
    hashes.push_back(simulator.Run(body, strategy, {}).trace_hash);
  }
  return hashes;
}

// Which kinds of decision were not canonical, in a thousand schedules.
std::set<Kind> KindsTaken(const FaultKinds& kinds) {
  Simulator simulator;
  RandomStrategy strategy(1, kinds);
  std::set<Kind> taken;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    strategy.Begin(i);
    simulator.Run(Everything, strategy, {.kinds = kinds});
    for (const LoggedException& exception : simulator.log()) taken.insert(exception.kind);
  }
  return taken;
}

TEST(RandomStrategy, IsTheSameForTheSameSeed) {
  for (const std::uint64_t seed :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{77}, UINT64_MAX}) {
    EXPECT_EQ(Hashes(seed, 200, Everything), Hashes(seed, 200, Everything)) << "seed " << seed;
  }
}

TEST(RandomStrategy, IsAnotherForAnotherSeed) {
  EXPECT_NE(Hashes(1, 50, Everything), Hashes(2, 50, Everything));
}

TEST(RandomStrategy, AScheduleDependsOnItsNumberAlone) {
  const std::vector<std::uint64_t> in_order = Hashes(3, 50, Everything);
  Simulator simulator;
  RandomStrategy strategy(3, FaultKinds{});
  for (const std::uint64_t index :
       {std::uint64_t{49}, std::uint64_t{0}, std::uint64_t{17}, std::uint64_t{17}}) {
    strategy.Begin(index);
    EXPECT_EQ(simulator.Run(Everything, strategy, {}).trace_hash, in_order[index])
        << "schedule " << index;
  }
}

TEST(RandomStrategy, Explores) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<std::uint64_t> small = Hashes(seed, 1000, ThreeTasks);
    // Two operations of three tasks have 90 orders.
    EXPECT_GT(std::set(small.begin(), small.end()).size(), 45u) << "seed " << seed;
    const std::vector<std::uint64_t> large = Hashes(seed, 1000, Everything);
    EXPECT_GT(std::set(large.begin(), large.end()).size(), 700u) << "seed " << seed;
  }
}

// Every order of three tasks that each do one thing.
TEST(RandomStrategy, ReachesEveryOrder) {
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
  Simulator simulator;
  RandomStrategy strategy(1, FaultKinds{});
  std::set<std::string> orders;
  for (std::uint64_t i = 0; i < 500; ++i) {
    strategy.Begin(i);
    simulator.Run(body, strategy, {});
    orders.insert(order);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"abc", "acb", "bac", "bca", "cab", "cba"}));
}

TEST(RandomStrategy, DrawsTheCanonicalRunNowAndThen) {
  const std::vector<std::uint64_t> hashes = Hashes(1, 1000, ThreeTasks);
  Simulator simulator;
  RandomStrategy strategy(1, FaultKinds{});
  int calm = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    strategy.Begin(i);
    simulator.Run(ThreeTasks, strategy, {});
    if (simulator.log().empty()) ++calm;
  }
  EXPECT_GT(calm, 0);
  EXPECT_LT(calm, 150);
}

TEST(RandomStrategy, DataCoversItsRange) {
  std::set<std::int64_t> small;
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = INT64_MIN;
  const auto body = [&] {
    small.insert(FuzzInt(-2, 3));
    const std::int64_t wide = FuzzInt(INT64_MIN, INT64_MAX);
    lowest = std::min(lowest, wide);
    highest = std::max(highest, wide);
    const std::int64_t value = FuzzInt(1000, 1002);
    EXPECT_GE(value, 1000);
    EXPECT_LE(value, 1002);
    EXPECT_EQ(FuzzInt(-5, -5), -5);
  };
  Hashes(1, 500, body);
  EXPECT_EQ(small, (std::set<std::int64_t>{-2, -1, 0, 1, 2, 3}));
  EXPECT_EQ(lowest, INT64_MIN);
  EXPECT_EQ(highest, INT64_MAX);
}

TEST(RandomStrategy, UsesAllThatIsAllowed) {
  EXPECT_EQ(KindsTaken({}), (std::set<Kind>{Kind::kTask, Kind::kTimer, Kind::kFault, Kind::kHold,
                                            Kind::kCase, Kind::kEarlyReturn, Kind::kData}));
}

TEST(RandomStrategy, LeavesOutWhatIsSwitchedOff) {
  EXPECT_FALSE(KindsTaken({.early_return = false}).contains(Kind::kEarlyReturn));
  EXPECT_FALSE(KindsTaken({.cancel = false, .close = false}).contains(Kind::kFault));
  EXPECT_TRUE(KindsTaken({.cancel = false}).contains(Kind::kFault)) << "closes are left";
  EXPECT_TRUE(KindsTaken({.close = false}).contains(Kind::kFault)) << "cancels are left";
  EXPECT_FALSE(KindsTaken({.holds = false}).contains(Kind::kHold));
  EXPECT_FALSE(KindsTaken({.data = false}).contains(Kind::kData));
  EXPECT_EQ(KindsTaken({.early_return = false,
                        .cancel = false,
                        .close = false,
                        .early_timers = false,
                        .holds = false,
                        .data = false}),
            (std::set<Kind>{Kind::kTask, Kind::kTimer, Kind::kCase}));
}

// A turn ends after 64 operations, and then the strategy is asked though it wanted to be left
// alone.
TEST(RandomStrategy, LeavesOutWhatIsSwitchedOffAtTheEndOfATurnToo) {
  const auto body = [] {
    for (int task = 0; task < 2; ++task) {
      Go([] {
        for (int i = 0; i < 300; ++i) PreemptionPoint();
      });
    }
    Sleep(1ms);
  };
  Simulator simulator;
  const FaultKinds kinds{.early_timers = false, .holds = false};
  RandomStrategy strategy(1, kinds);
  for (std::uint64_t i = 0; i < 500; ++i) {
    strategy.Begin(i);
    simulator.Run(body, strategy, {.kinds = kinds});
    for (const LoggedException& exception : simulator.log())
      ASSERT_EQ(exception.kind, Kind::kTask) << "schedule " << i;
  }
}

// Whatever its temper, it lets a task go on that stands before an operation while a ticker ticks.
TEST(RandomStrategy, DoesNotFireATickerForEver) {
  const auto body = [] {
    const Ticker ticker = NewTicker(1ms);
    Go([ticker] {
      for (int i = 0; i < 20; ++i) PreemptionPoint();
      ticker.Stop();
    });
    for (int i = 0; i < 20; ++i) PreemptionPoint();
  };
  Simulator simulator;
  RandomStrategy strategy(1, {});
  for (std::uint64_t i = 0; i < 2000; ++i) {
    strategy.Begin(i);
    const RunResult result = simulator.Run(body, strategy, {});
    ASSERT_EQ(result.end, RunEnd::kClean) << "schedule " << i;
    ASSERT_LT(simulator.log().size(), 1000u) << "schedule " << i;
  }
}

// With early timers off, a timer is only ever chosen among those due together when nothing can run.
TEST(RandomStrategy, FiresNoTimerEarlyWhenThatIsSwitchedOff) {
  int early = 0;
  const auto body = [&early] {
    const auto fired = std::make_shared<bool>(false);
    static_cast<void>(AfterFunc(1ms, [fired] { *fired = true; }));
    for (int i = 0; i < 40; ++i) PreemptionPoint();
    if (*fired) ++early;
    Sleep(2ms);
  };
  const auto count = [&](bool early_timers) {
    Simulator simulator;
    // Without holds: what is held stands behind the timers.
    const FaultKinds kinds{.early_timers = early_timers, .holds = false};
    RandomStrategy strategy(1, kinds);
    early = 0;
    std::size_t logged = 0;
    for (std::uint64_t i = 0; i < 300; ++i) {
      strategy.Begin(i);
      simulator.Run(body, strategy, {.kinds = kinds});
      for (const LoggedException& exception : simulator.log())
        logged += exception.kind == Kind::kTimer ? 1 : 0;
    }
    if (!early_timers) {
      EXPECT_EQ(logged, 0u);
    }
    return early;
  };
  EXPECT_EQ(count(false), 0);
  EXPECT_GT(count(true), 0);
}

TEST(MakeStrategy, MakesTheRandomWalkAndRefusesTheOthers) {
  for (const Strategy strategy : {Strategy::kRandom, Strategy::kPortfolio})
    EXPECT_NE(MakeStrategy({.strategy = strategy}), nullptr) << ToString(strategy);
  for (const Strategy strategy :
       {Strategy::kPct, Strategy::kPos, Strategy::kSurw}) {
    try {
      static_cast<void>(MakeStrategy({.strategy = strategy}));
      ADD_FAILURE() << ToString(strategy) << " is built now: test it";
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(ToString(strategy)), std::string::npos)
          << error.what();
      EXPECT_NE(std::string(error.what()).find("kRandom"), std::string::npos)
          << "it says what there is";
    }
  }
}

}  // namespace
