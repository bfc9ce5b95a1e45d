// WaitGroup, Cond, Once; and whose run an object belongs to.
#include "taskleak/sync.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/error.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using taskleak::AfterFunc;
using taskleak::Chan;
using taskleak::Cond;
using taskleak::Duration;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Mutex;
using taskleak::NewTimer;
using taskleak::Once;
using taskleak::Panic;
using taskleak::RWMutex;
using taskleak::Semaphore;
using taskleak::TaskId;
using taskleak::Timer;
using taskleak::UsageError;
using taskleak::WaitGroup;
using taskleak::Yield;
using taskleak::internal::AwaitAlone;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectPanic;
using taskleak::internal::ExpectRootBlockedIn;
using taskleak::internal::Look;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
using taskleak::internal::TestRun;

class WaitGroupTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(WaitGroupTest);

TEST_P(WaitGroupTest, WaitsForAll) {
  for (std::uint64_t seed = 0; seed <= Seeds(50); ++seed) {
    ExpectClean(RunOnce(
        [] {
          WaitGroup tasks;
          int done[3] = {};
          tasks.Add(2);
          for (int i = 0; i < 2; ++i) {
            Go([&tasks, mine = &done[i]] {
              Yield();
              *mine = 1;
              tasks.Done();
            });
          }
          tasks.Go("named", [&] { done[2] = 1; });
          tasks.Wait();
          EXPECT_EQ(done[0] + done[1] + done[2], 3);
        },
        seed));
  }
}

TEST_P(WaitGroupTest, AtZeroWaitReturnsAtOnce) {
  ExpectClean(RunOnce([] {
    WaitGroup tasks;
    tasks.Wait();
    tasks.Add(2);
    tasks.Add(-2);
    tasks.Wait();
  }));
}

TEST_P(WaitGroupTest, BelowZeroPanics) {
  ExpectPanic(RunOnce([] {
                WaitGroup tasks;
                tasks.Add(1);
                tasks.Done();
                tasks.Done();
              }),
              "negative WaitGroup counter");
}

TEST_P(WaitGroupTest, AMissingDoneIsADeadlock) {
  const TestRun run = RunOnce([] {
    WaitGroup tasks;
    tasks.Add(1);
    tasks.Wait();
  });
  ExpectRootBlockedIn(run, "waitgroup wait");
  EXPECT_EQ(run.left.at(0).objects.at(0).kind, "wait group");
}

TEST_P(WaitGroupTest, WakesAllWhoWait) {
  ExpectClean(RunOnce([] {
    WaitGroup tasks;
    tasks.Add(1);
    for (int i = 0; i < 3; ++i) AwaitBlocked(Go([&] { tasks.Wait(); }));
    tasks.Done();
    AwaitAlone();
  }));
}

class CondTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(CondTest);

TEST_P(CondTest, ASignalBeforeTheWaitIsLost) {
  const TestRun run = RunOnce([] {
    Mutex mutex;
    Cond cond(mutex);
    cond.Signal();
    cond.Broadcast();
    AwaitBlocked(Go("waiter", [&] {
      mutex.Lock();
      cond.Wait();
      ADD_FAILURE() << "nobody signals";
    }));
    EXPECT_TRUE(mutex.TryLock()) << "a wait gives up the lock";
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "waiter");
  EXPECT_EQ(run.left[0].operation, "cond wait");
  EXPECT_EQ(run.left[0].objects.at(0).kind, "cond");
}

TEST_P(CondTest, ASignalWakesTheLongestWaiterAndABroadcastAll) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::vector<int> woken;
    ExpectClean(RunOnce(
        [&woken] {
          Mutex mutex;
          Cond cond(mutex);
          TaskId waiter[4];
          for (int i = 0; i < 4; ++i) {
            waiter[i] = Go([&, i] {
              const std::lock_guard lock(mutex);
              cond.Wait();
              EXPECT_FALSE(mutex.TryLock()) << "it holds the lock again";
              woken.push_back(i);
            });
            AwaitBlocked(waiter[i]);
          }
          cond.Signal();
          AwaitEnd(waiter[0]);
          EXPECT_EQ(woken, std::vector<int>{0});
          cond.Signal();
          AwaitEnd(waiter[1]);
          EXPECT_EQ(woken, (std::vector<int>{0, 1}));
          cond.Broadcast();
          AwaitAlone();
          EXPECT_EQ(woken.size(), 4u);
        },
        seed));
  }
}

// The usual monitor: items are neither lost nor doubled under any schedule.
TEST_P(CondTest, ServesAQueueUnderEverySchedule) {
  for (std::uint64_t seed = 0; seed <= Seeds(200); ++seed) {
    int taken = 0;
    ExpectClean(RunOnce(
        [&taken] {
          Mutex mutex;
          Cond cond(mutex);
          int items = 0;
          WaitGroup tasks;
          for (int i = 0; i < 3; ++i) {
            tasks.Go([&] {
              std::unique_lock lock(mutex);
              while (items == 0) cond.Wait();
              --items;
              ++taken;
            });
          }
          for (int i = 0; i < 3; ++i) {
            {
              const std::lock_guard lock(mutex);
              ++items;
            }
            cond.Signal();  // Without the lock, as Go allows.
          }
          tasks.Wait();
        },
        seed));
    EXPECT_EQ(taken, 3) << "seed " << seed;
  }
}

// Giving up the lock is an operation of its own: a signal may fall between it and the wait, and
// counts.
TEST_P(CondTest, ASignalWithoutTheLockDuringTheWaitIsNotLost) {
  for (std::uint64_t seed = 0; seed <= Seeds(200); ++seed) {
    ExpectClean(RunOnce(
        [] {
          Mutex mutex;
          Cond cond(mutex);
          const TaskId waiter = Go([&] {
            const std::lock_guard lock(mutex);
            cond.Wait();
          });
          while (Look(waiter).has_value()) {
            cond.Signal();
            cond.Broadcast();
            Yield();
          }
        },
        seed));
  }
}

TEST_P(CondTest, TakesAnyBasicLockable) {
  ExpectClean(RunOnce([] {
    RWMutex mutex;
    auto reader = mutex.RLocker();
    Cond cond(reader);
    AwaitBlocked(Go([&] {
      reader.Lock();
      cond.Wait();
      EXPECT_FALSE(mutex.TryLock());
      reader.Unlock();
    }));
    EXPECT_TRUE(mutex.TryLock());
    mutex.Unlock();
    cond.Signal();
    AwaitAlone();
  }));
}

TEST_P(CondTest, AWaitWithoutTheLockPanicsAndKeepsNothing) {
  ExpectClean(RunOnce([] {
    Mutex mutex;
    Cond cond(mutex);
    EXPECT_THROW(cond.Wait(), Panic);
    AwaitEnd(Go([&] { const std::lock_guard lock(mutex); }));
    const TaskId waiter = Go([&] {
      const std::lock_guard lock(mutex);
      cond.Wait();
    });
    AwaitBlocked(waiter);
    cond.Signal();  // Whoever panicked does not wait any more.
    AwaitEnd(waiter);
  }));
}

class OnceTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(OnceTest);

TEST_P(OnceTest, RunsOnceAndASecondCallerBlocksUntilItIsDone) {
  for (std::uint64_t seed = 0; seed <= Seeds(50); ++seed) {
    ExpectClean(RunOnce(
        [] {
          Once once;
          WaitGroup tasks;
          int calls = 0;
          bool finished = false;
          for (int i = 0; i < 4; ++i) {
            tasks.Go([&] {
              once.Do([&] {
                ++calls;
                for (int j = 0; j < 3; ++j) Yield();
                finished = true;
              });
              EXPECT_TRUE(finished);
            });
          }
          tasks.Wait();
          EXPECT_EQ(calls, 1);
        },
        seed));
  }
}

TEST_P(OnceTest, ACallFromWithinDeadlocks) {
  const TestRun run = RunOnce([] {
    Once once;
    once.Do([&] { once.Do([] { ADD_FAILURE() << "twice"; }); });
  });
  ExpectRootBlockedIn(run, "once");
}

TEST_P(OnceTest, AFunctionThatThrowsCountsAsDone) {
  ExpectClean(RunOnce([] {
    Once once;
    EXPECT_THROW(once.Do([&] {
      AwaitBlocked(Go([&] { once.Do([] { ADD_FAILURE() << "again"; }); }));
      throw std::runtime_error("once");
    }),
                 std::runtime_error);
    once.Do([] { ADD_FAILURE() << "again"; });
    AwaitAlone();
  }));
}

Mutex g_mutex;
RWMutex g_rwmutex;
WaitGroup g_tasks;
Once g_once;
Semaphore g_semaphore(1);
Cond g_cond(g_mutex);

class GlobalObjects : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(GlobalObjects);

TEST_P(GlobalObjects, StartAfreshInEachRun) {
  for (int run = 0; run < 3; ++run) {
    int onces = 0;
    const TestRun result = RunOnce([&onces] {
      EXPECT_TRUE(g_mutex.TryLock());
      EXPECT_TRUE(g_rwmutex.TryLock());
      EXPECT_TRUE(g_semaphore.TryAcquire());
      EXPECT_FALSE(g_semaphore.TryAcquire());
      g_tasks.Wait();
      g_tasks.Add(1);
      g_once.Do([&onces] { ++onces; });
      g_once.Do([&onces] { ++onces; });
      Go("first", [] { g_mutex.Lock(); });
      Go("second", [] { g_cond.Wait(); });  // Unlocks it, so the first may have it.
      Go("third", [] { g_tasks.Wait(); });
    });
    EXPECT_EQ(result.result.end, RunEnd::kLeak) << "run " << run;
    EXPECT_EQ(result.left.size(), 2u);
    EXPECT_EQ(onces, 1) << "run " << run;
  }
}

// Each starts afresh once in a run, whichever of many tasks touches it first.
TEST_P(GlobalObjects, ManyTasksMayBeTheFirstToTouchOne) {
  for (std::uint64_t seed = 0; seed <= Seeds(50); ++seed) {
    int count = 0;
    ExpectClean(RunOnce(
        [&count] {
          for (int i = 0; i < 4; ++i) {
            Go([&count] {
              const std::lock_guard lock(g_mutex);
              ++count;
              EXPECT_TRUE(g_semaphore.TryAcquire());
              g_semaphore.Release();
            });
          }
        },
        seed));
    EXPECT_EQ(count, 4) << "seed " << seed;
  }
}

// What runs do to them stays there: outside every run they have a life of their own.
TEST_P(GlobalObjects, AreTheirOwnOutsideEveryRun) {
  g_mutex.Lock();
  g_tasks.Add(1);
  static_cast<void>(RunOnce([] {
    EXPECT_TRUE(g_mutex.TryLock()) << "a run begins with it unlocked";
    g_tasks.Wait();
  }));
  EXPECT_FALSE(g_mutex.TryLock()) << "still locked out here";
  g_mutex.Unlock();
  g_tasks.Done();
  g_tasks.Wait();
}

class ObjectsOfAnEarlierRun : public OnBothRuntimes {
 protected:
  // An object made in one run is used in the next.
  template <class T>
  static void ExpectRefusedInTheNextRun(const std::function<std::unique_ptr<T>()>& make,
                                        const std::function<void(T&)>& use) {
    std::unique_ptr<T> kept;
    ExpectClean(RunOnce([&] { kept = make(); }));
    const TestRun run = RunOnce([&] {
      try {
        use(*kept);
        // NOLINTNEXTLINE(bugprone-empty-catch): whatever the body makes of it, the caller is told.
      } catch (const std::exception&) {
      }
    });
    EXPECT_EQ(run.result.end, RunEnd::kMisuse);
    EXPECT_NE(run.result.message.find("belongs to an earlier run"), std::string::npos)
        << run.result.message;
    EXPECT_THROW(use(*kept), UsageError) << "and outside every run";
  }
};
INSTANTIATE_ON_BOTH_RUNTIMES(ObjectsOfAnEarlierRun);

TEST_P(ObjectsOfAnEarlierRun, AreRefused) {
  ExpectRefusedInTheNextRun<Mutex>([] { return std::make_unique<Mutex>(); },
                                   [](Mutex& m) { m.Lock(); });
  ExpectRefusedInTheNextRun<RWMutex>([] { return std::make_unique<RWMutex>(); },
                                     [](RWMutex& m) { m.RLock(); });
  ExpectRefusedInTheNextRun<WaitGroup>([] { return std::make_unique<WaitGroup>(); },
                                       [](WaitGroup& w) { w.Add(1); });
  ExpectRefusedInTheNextRun<Once>([] { return std::make_unique<Once>(); },
                                  [](Once& o) { o.Do([] {}); });
  ExpectRefusedInTheNextRun<Semaphore>([] { return std::make_unique<Semaphore>(1); },
                                       [](Semaphore& s) { s.Acquire(); });
  ExpectRefusedInTheNextRun<Chan<int>>([] { return std::make_unique<Chan<int>>(MakeChan<int>(1)); },
                                       [](Chan<int>& c) { c.Send(1); });
}

TEST_P(ObjectsOfAnEarlierRun, TimersAreRefused) {
  ExpectRefusedInTheNextRun<Timer>([] { return std::make_unique<Timer>(NewTimer(Duration(1))); },
                                   [](Timer& t) { t.Stop(); });
  ExpectRefusedInTheNextRun<Timer>(
      [] { return std::make_unique<Timer>(AfterFunc(Duration(1), [] {})); },
      [](Timer& t) { t.Reset(Duration(1)); });
}

}  // namespace
