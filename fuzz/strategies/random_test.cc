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

#include "fuzz/strategies/testing.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::Everything;
using taskleak::internal::FaultKinds;
using taskleak::internal::LoggedException;
using taskleak::internal::RandomStrategy;
using taskleak::internal::RunEnd;
using taskleak::internal::RunResult;
using taskleak::internal::Simulator;
using taskleak::internal::ThreeTasks;
using Kind = LoggedException::Kind;

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

}  // namespace
