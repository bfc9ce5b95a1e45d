// Sleep, After, Timer, Ticker, AfterFunc: as Go's before version 1.23, in virtual time.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/chan.h"
#include "taskleak/registry.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::After;
using taskleak::AfterFunc;
using taskleak::Chan;
using taskleak::Clock;
using taskleak::CurrentTask;
using taskleak::Duration;
using taskleak::Go;
using taskleak::NewTicker;
using taskleak::NewTimer;
using taskleak::Now;
using taskleak::Sleep;
using taskleak::TaskId;
using taskleak::TaskState;
using taskleak::Ticker;
using taskleak::TimePoint;
using taskleak::Timer;
using taskleak::Yield;
using taskleak::internal::ExpectClean;
using taskleak::internal::Look;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
using taskleak::internal::TestRun;

class SleepTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(SleepTest);

TEST_P(SleepTest, TheShortestSleepEndsFirst) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::vector<int> order;
    const TestRun run = RunOnce(
        [&order] {
          for (const int i : {3, 1, 2}) {
            Go([&order, i] {
              Sleep(i * 1h);
              order.push_back(i);
              EXPECT_EQ(Now(), TimePoint(i * 1h));
            });
          }
        },
        seed);
    ExpectClean(run);
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3})) << "seed " << seed;
    EXPECT_EQ(run.result.time, Duration(3h).count());
  }
}

TEST_P(SleepTest, SleepersOfOneMomentWakeInOrderOfArming) {
  std::vector<int> order;
  ExpectClean(RunOnce([&order] {
    for (int i = 0; i < 5; ++i) {
      const TaskId sleeper = Go([&order, i] {
        Sleep(1s);
        order.push_back(i);
      });
      while (Look(sleeper)->state != TaskState::kSleeping) Yield();
    }
  }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_P(SleepTest, ZeroAndLessReturnAtOnce) {
  const TestRun run = RunOnce([] {
    Sleep(0s);
    Sleep(-5s);
    Sleep(Duration::min());
    EXPECT_EQ(Now(), TimePoint());
  });
  ExpectClean(run);
  EXPECT_EQ(run.result.time, 0);
}

TEST_P(SleepTest, TheLongestIsNotTooLong) {
  const TestRun run = RunOnce([] {
    Sleep(1s);
    Sleep(Duration::max());
    Sleep(Duration::max());
  });
  ExpectClean(run);
  EXPECT_EQ(run.result.time, Duration::max().count());
}

class NowTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(NowTest);

TEST_P(NowTest, StandsStillWhileTasksRun) {
  ExpectClean(RunOnce([] {
    EXPECT_EQ(Now(), TimePoint());
    for (int i = 0; i < 100; ++i) Yield();
    EXPECT_EQ(Clock::now(), TimePoint());
    Sleep(7ns);
    EXPECT_EQ(Clock::now(), TimePoint(7ns));
  }));
}

class AfterTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(AfterTest);

TEST_P(AfterTest, DeliversTheTimeOnce) {
  ExpectClean(RunOnce([] {
    const auto ch = After(2s);
    EXPECT_EQ(ch.Cap(), 1u);
    EXPECT_FALSE(ch.TryRecv().ready);
    EXPECT_EQ(ch.Recv(), TimePoint(2s));
    Sleep(10s);
    EXPECT_FALSE(ch.TryRecv().ready);
  }));
}

class TimerTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(TimerTest);

TEST_P(TimerTest, StopBeforeItFires) {
  const TestRun run = RunOnce([] {
    const Timer timer = NewTimer(1h);
    EXPECT_TRUE(timer.Stop());
    EXPECT_FALSE(timer.Stop());
    Sleep(2h);
    EXPECT_FALSE(timer.C().TryRecv().ready);
  });
  ExpectClean(run);
}

TEST_P(TimerTest, StopAfterItFiredIsFalseAndDoesNotDrain) {
  ExpectClean(RunOnce([] {
    const Timer timer = NewTimer(1s);
    Sleep(2s);
    EXPECT_FALSE(timer.Stop());
    EXPECT_EQ(timer.C().TryRecv().value, TimePoint(1s)) << "what was not received is still there";
    EXPECT_FALSE(timer.Stop());
  }));
}

TEST_P(TimerTest, ResetWhileItRuns) {
  ExpectClean(RunOnce([] {
    const Timer timer = NewTimer(1s);
    EXPECT_TRUE(timer.Reset(5s));
    EXPECT_EQ(timer.C().Recv(), TimePoint(5s));
    EXPECT_FALSE(timer.Reset(1s)) << "it had fired";
    EXPECT_EQ(timer.C().Recv(), TimePoint(6s));
    timer.Stop();
    EXPECT_FALSE(timer.Reset(1s)) << "it was stopped";
    EXPECT_EQ(timer.C().Recv(), TimePoint(7s));
  }));
}

// Why Go's documentation wanted `if !t.Stop() { <-t.C }` before a Reset.
TEST_P(TimerTest, ResetOfOneThatFiredAndWasNotDrainedKeepsTheOldTick) {
  ExpectClean(RunOnce([] {
    const Timer timer = NewTimer(1s);
    Sleep(2s);
    EXPECT_FALSE(timer.Reset(3s));
    EXPECT_EQ(timer.C().Recv(), TimePoint(1s)) << "the stale tick comes at once";
    EXPECT_EQ(Now(), TimePoint(2s));
    EXPECT_EQ(timer.C().Recv(), TimePoint(5s));
    timer.Reset(1s);
    Sleep(2s);
    timer.Reset(1s);
    Sleep(2s);
    EXPECT_EQ(timer.C().Recv(), TimePoint(6s)) << "a tick that finds the channel full is dropped";
    EXPECT_FALSE(timer.C().TryRecv().ready);
  }));
}

TEST_P(TimerTest, ZeroAndNegativeDurationsFireAtOnce) {
  ExpectClean(RunOnce([] {
    Sleep(1s);
    EXPECT_EQ(NewTimer(0s).C().Recv(), TimePoint(1s));
    EXPECT_EQ(NewTimer(-1h).C().Recv(), TimePoint(1s));
    EXPECT_EQ(After(Duration::min()).Recv(), TimePoint(1s));
  }));
}

TEST_P(TimerTest, DroppingTheHandleDoesNotStopIt) {
  ExpectClean(RunOnce([] {
    const auto ch = NewTimer(1s).C();
    EXPECT_EQ(ch.Recv(), TimePoint(1s));
  }));
}

class AfterFuncTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(AfterFuncTest);

TEST_P(AfterFuncTest, RunsAsATaskOfItsOwn) {
  bool ran = false;
  const TestRun run = RunOnce([&ran] {
    const TaskId self = CurrentTask();
    const Timer timer = AfterFunc(2s, [&ran, self] {
      EXPECT_EQ(Now(), TimePoint(2s));
      EXPECT_NE(CurrentTask(), self);
      Sleep(1s);  // It may block.
      ran = true;
    });
    EXPECT_FALSE(timer.C()) << "nil";
  });
  ExpectClean(run);
  EXPECT_TRUE(ran) << "the run goes on although root has returned and nobody waits";
  EXPECT_EQ(run.result.time, Duration(3s).count());
}

TEST_P(AfterFuncTest, StopAndReset) {
  std::vector<TimePoint> ran;
  ExpectClean(RunOnce([&ran] {
    const Timer timer = AfterFunc(1s, [&ran] { ran.push_back(Now()); });
    EXPECT_TRUE(timer.Stop());
    EXPECT_FALSE(timer.Stop());
    Sleep(5s);
    EXPECT_TRUE(ran.empty());
    EXPECT_FALSE(timer.Reset(1s));
    EXPECT_TRUE(timer.Reset(2s));
    Sleep(5s);
    EXPECT_EQ(ran, std::vector<TimePoint>{TimePoint(7s)});
    EXPECT_FALSE(timer.Stop()) << "it has fired";
    timer.Reset(-1s);
  }));
  EXPECT_EQ(ran, (std::vector<TimePoint>{TimePoint(7s), TimePoint(10s)}))
      << "a function may run again";
}

class TickerTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(TickerTest);

TEST_P(TickerTest, TicksAtEveryPeriod) {
  ExpectClean(RunOnce([] {
    const Ticker ticker = NewTicker(3s);
    for (int i = 1; i <= 4; ++i) EXPECT_EQ(ticker.C().Recv(), TimePoint(i * 3s));
    ticker.Stop();
    Sleep(10s);
    EXPECT_FALSE(ticker.C().TryRecv().ready);
  }));
}

TEST_P(TickerTest, DropsTicksThatNobodyReads) {
  ExpectClean(RunOnce([] {
    const Ticker ticker = NewTicker(1s);
    Sleep(3500ms);
    EXPECT_EQ(ticker.C().Len(), 1u);
    EXPECT_EQ(ticker.C().Recv(), TimePoint(1s)) << "the first is kept, two were dropped";
    EXPECT_EQ(ticker.C().Recv(), TimePoint(4s)) << "and the rhythm is";
    ticker.Stop();
  }));
}

TEST_P(TickerTest, ResetChangesThePeriod) {
  ExpectClean(RunOnce([] {
    const Ticker ticker = NewTicker(1s);
    EXPECT_EQ(ticker.C().Recv(), TimePoint(1s));
    ticker.Reset(5s);
    EXPECT_EQ(ticker.C().Recv(), TimePoint(6s));
    EXPECT_EQ(ticker.C().Recv(), TimePoint(11s));
    ticker.Stop();
    ticker.Reset(1s);
    EXPECT_EQ(ticker.C().Recv(), TimePoint(12s));
  }));
}

TEST_P(TickerTest, TheLongestPeriodTicksOnce) {
  ExpectClean(RunOnce([] {
    const Ticker ticker = NewTicker(Duration::max());
    EXPECT_EQ(ticker.C().Recv(), TimePoint::max());
    ticker.Stop();
  }));
}

TEST_P(TickerTest, APeriodOfZeroOrLessPanics) {
  const TestRun run = RunOnce([] { static_cast<void>(NewTicker(0s)); });
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, "non-positive interval for NewTicker");
  EXPECT_EQ(RunOnce([] { static_cast<void>(NewTicker(-1s)); }).result.end, RunEnd::kPanic);
  EXPECT_EQ(RunOnce([] { NewTicker(1s).Reset(0s); }).result.end, RunEnd::kPanic);
}

TEST_P(TickerTest, ARunWithOnlyAFullOneLeftEnds) {
  const TestRun run = RunOnce([] {
    static_cast<void>(NewTicker(1s));
    Go("stuck", [] { static_cast<void>(Chan<int>().Recv()); });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "stuck");
  EXPECT_EQ(run.result.time, Duration(1s).count()) << "one tick fills it";
}

TEST_P(TickerTest, AForgottenOneAloneIsNoLeak) {
  ExpectClean(RunOnce([] {
    const Ticker ticker = NewTicker(1s);
    EXPECT_EQ(ticker.C().Recv(), TimePoint(1s));
  }));
}

class TimersTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(TimersTest);

TEST_P(TimersTest, ThoseDueTogetherFireInOrderOfArming) {
  std::string order;
  ExpectClean(RunOnce([&order] {
    static_cast<void>(AfterFunc(2s, [&order] { order += 'a'; }));
    static_cast<void>(AfterFunc(1s, [&order] { order += 'b'; }));
    const Timer moved = AfterFunc(1s, [&order] { order += 'c'; });
    static_cast<void>(AfterFunc(2s, [&order] { order += 'd'; }));
    moved.Reset(2s);
  }));
  EXPECT_EQ(order, "badc");
}

// A heap of timers, many stopped and moved at random: those left fire in order of time.
TEST_P(TimersTest, ManyOfThemKeepTheirOrder) {
  std::vector<TimePoint> fired;
  std::vector<TimePoint> expected;
  ExpectClean(RunOnce([&] {
    std::uint64_t state = 88172645463325252u;
    const auto next = [&state](std::uint64_t n) {
      state ^= state << 13;
      state ^= state >> 7;
      return (state ^= state << 17) % n;
    };
    std::vector<Timer> timers;
    std::vector<Duration> when;
    for (int i = 0; i < 200; ++i) {
      when.emplace_back(next(1000));
      timers.push_back(AfterFunc(when.back(), [&fired] { fired.push_back(Now()); }));
    }
    for (std::size_t i = 0; i < timers.size(); ++i) {
      switch (next(3)) {
        case 0:
          EXPECT_TRUE(timers[i].Stop());
          break;
        case 1:
          when[i] = Duration(next(1000));
          EXPECT_TRUE(timers[i].Reset(when[i]));
          [[fallthrough]];
        default:
          expected.emplace_back(when[i]);
      }
    }
  }));
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(fired, expected);
}

}  // namespace
