// The canonical schedule is fair; time is virtual; one schedule is one trace.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

#include "src/runtime/sim/simulator.h"
#include "src/runtime/sim/testing.h"
#include "taskleak/chan.h"
#include "taskleak/registry.h"
#include "taskleak/select.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::After;
using taskleak::Duration;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Mutex;
using taskleak::Now;
using taskleak::OnDefault;
using taskleak::OnRecv;
using taskleak::Select;
using taskleak::Sleep;
using taskleak::TaskRegistry;
using taskleak::TimePoint;
using taskleak::Unit;
using taskleak::WaitGroup;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::RunResult;
using taskleak::internal::Simulator;
using taskleak::internal::TestDecider;
using taskleak::internal::TestRun;

void ExpectClean(const TestRun& run) {
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
  EXPECT_TRUE(run.left.empty());
}

TEST(VirtualTime, JumpsToTheNextTimerWhenNothingCanRun) {
  const TestRun run = RunOnce([] {
    Go([] {
      const auto ch = MakeChan<int>(1);
      for (int i = 0; i < 30; ++i) static_cast<void>(ch.TryRecv());
      EXPECT_EQ(Now(), TimePoint()) << "time stands still during a task's turn";
    });
    Sleep(365 * 24h);
    EXPECT_EQ(Now(), TimePoint(365 * 24h));
    Sleep(1ns);
  });
  ExpectClean(run);
  EXPECT_EQ(run.result.time, Duration(365 * 24h + 1ns).count());
}

TEST(VirtualTime, BeginsAnewInEachRun) {
  Simulator simulator;
  for (int i = 0; i < 2; ++i) {
    TestDecider decider;
    const RunResult result = simulator.Run(
        [] {
          EXPECT_EQ(Now(), TimePoint());
          Sleep(1s);
        },
        decider, {});
    EXPECT_EQ(result.time, Duration(1s).count());
  }
}

TEST(CanonicalRun, AYieldLoopSeesAnotherTasksFlag) {
  ExpectClean(RunOnce([] {
    bool flag = false;
    Go([&flag] { flag = true; });
    while (!flag) Yield();
  }));
}

TEST(CanonicalRun, APollingSelectDoesNotStarveItsSender) {
  for (const bool yields : {true, false}) {
    ExpectClean(RunOnce([yields] {
      const auto ch = MakeChan<int>(1);
      Go([ch] { ch.Send(1); });
      while (Select(OnRecv(ch), OnDefault()) != 0) {
        if (yields) Yield();
      }
    }));
  }
}

TEST(CanonicalRun, AYieldLoopSeesATimer) {
  for (const int others : {0, 3}) {
    const TestRun run = RunOnce([others] {
      bool fired = false;
      for (int i = 0; i < others; ++i) {
        Go([&fired] {
          while (!fired) Yield();
        });
      }
      Go([&fired] {
        Sleep(1s);
        fired = true;
      });
      while (!fired) Yield();
      while (TaskRegistry::Global().Snapshot().size() > 1) Yield();
    });
    ExpectClean(run);
    EXPECT_EQ(run.result.time, Duration(1s).count());
  }
}

// Its turn is 64 operations long, and then the timer's.
TEST(CanonicalRun, APollingLoopWithoutYieldSeesATimer) {
  for (const int pollers : {1, 2}) {
    const TestRun run = RunOnce([pollers] {
      WaitGroup tasks;
      for (int i = 0; i < pollers; ++i) {
        tasks.Go([ch = After(1s)] {
          while (!ch.TryRecv().ready) {
          }
        });
      }
      tasks.Wait();
    });
    ExpectClean(run);
    EXPECT_EQ(run.result.time, Duration(1s).count()) << pollers << " pollers";
  }
}

TEST(CanonicalRun, TasksTakeTurnsInOrder) {
  std::string order;
  ExpectClean(RunOnce([&order] {
    for (const char name : {'a', 'b', 'c'}) {
      Go([&order, name] {
        order += name;
        Yield();
        order += name;
      });
    }
    order += 'r';
  }));
  EXPECT_EQ(order, "rabcabc");
}

TEST(CanonicalRun, ABusyTaskIsPreemptedAfterItsTurn) {
  int done = 0;
  ExpectClean(RunOnce([&done] {
    const auto ch = MakeChan<int>(1);
    Go([&done] { done = 1; });
    for (int i = 0; i < 100; ++i) static_cast<void>(ch.TryRecv());
    EXPECT_EQ(done, 1);
  }));
}

// Channels, locks, selects and timers together.
void BusyBody() {
  const auto ch = MakeChan<int>(1);
  const auto quit = MakeChan<Unit>();
  Mutex mutex;
  WaitGroup tasks;
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    tasks.Go([&, i] {
      Sleep(Duration(i));
      ch.Send(i);
      mutex.Lock();
      sum += i;
      mutex.Unlock();
    });
  }
  Go([=] {
    for (;;) {
      if (Select(OnRecv(ch), OnRecv(quit)) == 1) return;
    }
  });
  tasks.Wait();
  quit.Close();
  EXPECT_EQ(sum, 3);
}

TEST(Determinism, OneSeedIsOneTrace) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 0; seed <= 100; ++seed) {
    const TestRun first = RunOnce(BusyBody, seed);
    const TestRun second = RunOnce(BusyBody, seed);
    ExpectClean(first);
    EXPECT_EQ(first.result.trace_hash, second.result.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.result.steps, second.result.steps) << "seed " << seed;
    hashes.insert(first.result.trace_hash);
  }
  EXPECT_GT(hashes.size(), 50u) << "and other seeds are other traces";
}

TEST(Determinism, HoldsWhenASimulatorIsUsedAgain) {
  Simulator simulator;
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    TestDecider decider(seed);
    const RunResult again = simulator.Run(BusyBody, decider, {});
    EXPECT_EQ(again.trace_hash, RunOnce(BusyBody, seed).result.trace_hash) << "seed " << seed;
  }
}

}  // namespace
