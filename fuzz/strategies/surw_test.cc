// SURW: every order of the operations on one object is about as likely; the census that it weighs
// by; and what it does not see.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "fuzz/strategies/census.h"
#include "fuzz/strategies/random.h"
#include "fuzz/strategies/testing.h"

namespace {

using namespace taskleak;
using taskleak::internal::Census;
using taskleak::internal::FaultKinds;
using taskleak::internal::Search;
using taskleak::internal::Simulator;

constexpr FaultKinds kOrderOnly{.early_return = false,
                                .cancel = false,
                                .close = false,
                                .early_timers = false,
                                .holds = false,
                                .data = false};

// One task of eight sends on one channel and one of two, of which one is done by a child: 10 over
// 2, 45 orders. Beside it each has operations of its own, which must not count.
std::map<std::string, int> Orders(Strategy strategy, int runs) {
  std::map<std::string, int> orders;
  const auto body = [&orders] {
    const auto order = std::make_shared<std::string>();
    const auto channel = MakeChan<char>(10);
    const auto send = [=, &orders](char name) {
      channel.Send(name);
      *order += name;
      if (order->size() == 10) ++orders[*order];
    };
    Go([=] {
      for (int n = 0; n < 8; ++n) send('a');
    });
    Go([=] {
      const auto own = MakeChan<int>(1);
      for (int n = 0; n < 10; ++n) own.TrySend(n);
      Go([=] { send('b'); });
      send('b');
    });
  };
  Search(strategy, 1, kOrderOnly).Hashes(static_cast<std::uint64_t>(runs), body);
  return orders;
}

// Property: of 45 orders none has much more than its share. In a random walk the order in which the
// long task goes first all through has one of 2^8.
TEST(SurwStrategy, IsNearlyUniformOverTheOrdersOnOneObject) {
  constexpr int kRuns = 9000;
  const std::map<std::string, int> orders = Orders(Strategy::kSurw, kRuns);
  EXPECT_EQ(orders.size(), 45u);
  int most = 0;
  int least = kRuns;
  for (const auto& [order, count] : orders) {
    most = std::max(most, count);
    least = std::min(least, count);
  }
  EXPECT_LT(most, 5 * kRuns / 45);
  EXPECT_GT(least, kRuns / 45 / 5);
  int most_of_pos = 0;
  for (const auto& [order, count] : Orders(Strategy::kPos, kRuns))
    most_of_pos = std::max(most_of_pos, count);
  EXPECT_LT(most, most_of_pos);
}

TEST(SurwStrategy, FindsTheLeakAndIsSilentOnItsCure) {
  const auto body = [](bool fixed) {
    return [fixed] {
      const auto reply = MakeChan<int>(fixed ? 1 : 0);
      const auto stop = MakeChan<int>(1);
      Go([=] { reply.Send(1); });
      Go([=] { stop.Send(1); });
      Select(OnRecv(reply), OnRecv(stop));
    };
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_NE(Search(Strategy::kSurw, seed).FirstFailure(100, body(false)), 0u) << "seed " << seed;
    EXPECT_EQ(Search(Strategy::kSurw, seed).FirstFailure(300, body(true)), 0u) << "seed " << seed;
  }
}

// The hole: an order across two objects. Each of the two has its own uniform share, but a task that
// must be starved on both at once is left to chance.
TEST(SurwStrategy, DoesNotStarveATaskAcrossObjects) {
  const auto body = [] {
    const auto count = std::make_shared<int>(0);
    const auto lost = MakeChan<int>();
    Go([=] {
      for (int n = 0; n < 100; ++n) {
        const auto own = MakeChan<int>(1);
        own.Send(n);
        ++*count;
      }
    });
    Go([=] {
      PreemptionPoint();
      if (*count == 100) lost.Recv();
    });
  };
  EXPECT_EQ(Search(Strategy::kSurw, 1, kOrderOnly).FirstFailure(1000, body), 0u);
  EXPECT_NE(Search(Strategy::kPct, 1, kOrderOnly).FirstFailure(100, body), 0u)
      << "it can be found at all";
}

TEST(Census, CountsWhatTasksAndTheirChildrenDoOnObjectsInCommon) {
  Simulator simulator;
  Census census;
  internal::RandomStrategy canonical(1, kOrderOnly);
  const auto body = [] {
    const auto shared = MakeChan<int>(10);
    Go([shared] {
      const auto own = MakeChan<int>(2);
      own.Send(1);
      shared.Send(1);
      Go([shared] {
        shared.Send(2);
        Select(OnSend(shared, 3));
      });
    });
    for (int i = 0; i < 3; ++i) shared.Recv();
  };
  canonical.Begin(0);
  census.Begin();
  simulator.Run(body, canonical, {}, &census);
  census.End();
  ASSERT_EQ(census.object_count(), 1u) << "the other one is one task's own";
  std::multiset<std::uint32_t> operations;
  for (const Census::Share& share : census.shares(0)) operations.insert(share.operations);
  EXPECT_EQ(operations, (std::multiset<std::uint32_t>{2, 3, 6}));
}

}  // namespace
