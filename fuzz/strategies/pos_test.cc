// POS is not misled by operations without conflict, and draws again where there is one.
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "fuzz/strategies/testing.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FaultKinds;
using taskleak::internal::Search;

constexpr FaultKinds kOrderOnly{.early_return = false,
                                .cancel = false,
                                .close = false,
                                .early_timers = false,
                                .holds = false,
                                .data = false};

// How often in 1000 schedules the second task, which does nothing else, sends after the first one,
// which has `before` operations without conflict to do until it sends.
int SendsLast(Strategy strategy, int before) {
  int last = 0;
  const auto body = [before, &last] {
    const auto order = std::make_shared<std::string>();
    const auto both = MakeChan<int>(2);
    Go([=] {
      const auto own = MakeChan<int>(1);
      for (int n = 0; n < before; ++n) own.TrySend(n);
      both.Send(1);
      *order += 'a';
    });
    Go([=] {
      both.Send(2);
      *order += 'b';
    });
    both.Recv();
    both.Recv();
    PreemptionPoint();
    PreemptionPoint();
    if (*order == "ab") ++last;
  };
  Search(strategy, 1, kOrderOnly).Hashes(1000, body);
  return last;
}

TEST(PosStrategy, OperationsWithoutConflictWeighLittle) {
  const int pos = SendsLast(Strategy::kPos, 10);
  EXPECT_GT(pos, 50);
  // Uniform choices let the task that has ten operations to do come first in one of 2^11.
  EXPECT_GT(pos, SendsLast(Strategy::kSurw, 10) / 4);
}

// All orders of three sends on one channel by each of two tasks.
TEST(PosStrategy, ReachesAllOrdersOfWhatConflicts) {
  std::set<std::string> orders;
  const auto body = [&orders] {
    const auto channel = MakeChan<char>(6);
    for (const char name : {'a', 'b'}) {
      Go([=] {
        for (int n = 0; n < 3; ++n) channel.Send(name);
      });
    }
    std::string order;
    for (int n = 0; n < 6; ++n) order += *channel.Recv();
    orders.insert(order);
  };
  Search(Strategy::kPos, 1, kOrderOnly).Hashes(2000, body);
  EXPECT_EQ(orders.size(), 20u);
}

TEST(PosStrategy, FindsTheLeakAndIsSilentOnItsCure) {
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
    EXPECT_NE(Search(Strategy::kPos, seed).FirstFailure(100, body(false)), 0u) << "seed " << seed;
    EXPECT_EQ(Search(Strategy::kPos, seed).FirstFailure(300, body(true)), 0u) << "seed " << seed;
  }
}

// The hole: a task that must starve through a hundred operations of the other on their object draws
// again at each of them.
TEST(PosStrategy, DoesNotStarveATaskForLong) {
  const auto body = [] {
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
      if (early && *count == 100) lost.Recv();
    });
  };
  EXPECT_EQ(Search(Strategy::kPos, 1, kOrderOnly).FirstFailure(2000, body), 0u);
  EXPECT_NE(Search(Strategy::kPct, 1, kOrderOnly).FirstFailure(2000, body), 0u)
      << "it can be found at all";
}

}  // namespace
