// WaitGroup, Cond, Once; and whose run an object belongs to.
#include "taskleak/sync.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/runtime/sim/testing.h"
#include "taskleak/error.h"
#include "taskleak/registry.h"
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
using taskleak::RWMutex;
using taskleak::Semaphore;
using taskleak::TaskId;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
using taskleak::Timer;
using taskleak::UsageError;
using taskleak::WaitGroup;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::TestRun;

void AwaitBlocked(TaskId id) {
  for (;; Yield()) {
    for (const TaskSnapshot& task : TaskRegistry::Global().Snapshot())
      if (task.id == id && task.state == TaskState::kBlocked) return;
  }
}

void ExpectClean(const TestRun& run) {
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
  EXPECT_TRUE(run.left.empty());
}

TEST(WaitGroup, WaitsForAll) {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    ExpectClean(RunOnce(
        [] {
          WaitGroup tasks;
          int done = 0;
          tasks.Add(2);
          for (int i = 0; i < 2; ++i) {
            Go([&] {
              Yield();
              ++done;
              tasks.Done();
            });
          }
          tasks.Go("named", [&] { ++done; });
          tasks.Wait();
          EXPECT_EQ(done, 3);
        },
        seed));
  }
}

TEST(WaitGroup, AtZeroWaitReturnsAtOnce) {
  ExpectClean(RunOnce([] {
    WaitGroup tasks;
    tasks.Wait();
    tasks.Add(2);
    tasks.Add(-2);
    tasks.Wait();
  }));
}

TEST(WaitGroup, BelowZeroPanics) {
  const TestRun run = RunOnce([] {
    WaitGroup tasks;
    tasks.Add(1);
    tasks.Done();
    tasks.Done();
  });
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, "negative WaitGroup counter");
}

TEST(WaitGroup, AMissingDoneIsADeadlock) {
  const TestRun run = RunOnce([] {
    WaitGroup tasks;
    tasks.Add(1);
    tasks.Wait();
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].operation, "waitgroup wait");
  EXPECT_EQ(run.left[0].objects.at(0).kind, "wait group");
}

TEST(WaitGroup, WakesAllWhoWait) {
  int woken = 0;
  ExpectClean(RunOnce([&woken] {
    WaitGroup tasks;
    tasks.Add(1);
    for (int i = 0; i < 3; ++i) {
      AwaitBlocked(Go([&] {
        tasks.Wait();
        ++woken;
      }));
    }
    EXPECT_EQ(woken, 0);
    tasks.Done();
    while (woken < 3) Yield();
  }));
  EXPECT_EQ(woken, 3);
}

TEST(Cond, ASignalBeforeTheWaitIsLost) {
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

TEST(Cond, ASignalWakesTheLongestWaiterAndABroadcastAll) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    std::vector<int> woken;
    ExpectClean(RunOnce(
        [&woken] {
          Mutex mutex;
          Cond cond(mutex);
          for (int i = 0; i < 4; ++i) {
            AwaitBlocked(Go([&, i] {
              const std::lock_guard lock(mutex);
              cond.Wait();
              EXPECT_FALSE(mutex.TryLock()) << "it holds the lock again";
              woken.push_back(i);
            }));
          }
          cond.Signal();
          while (woken.empty()) Yield();
          EXPECT_EQ(woken, std::vector<int>{0});
          cond.Signal();
          while (woken.size() == 1) Yield();
          EXPECT_EQ(woken, (std::vector<int>{0, 1}));
          cond.Broadcast();
          while (woken.size() < 4) Yield();
        },
        seed));
  }
}

// The usual monitor: items are neither lost nor doubled under any schedule.
TEST(Cond, ServesAQueueUnderEverySchedule) {
  for (std::uint64_t seed = 0; seed <= 200; ++seed) {
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
TEST(Cond, ASignalWithoutTheLockDuringTheWaitIsNotLost) {
  for (std::uint64_t seed = 0; seed <= 200; ++seed) {
    ExpectClean(RunOnce(
        [] {
          Mutex mutex;
          Cond cond(mutex);
          bool woken = false;
          Go([&] {
            const std::lock_guard lock(mutex);
            cond.Wait();
            woken = true;
          });
          while (!woken) {
            cond.Signal();
            cond.Broadcast();
            Yield();
          }
        },
        seed));
  }
}

TEST(Cond, TakesAnyBasicLockable) {
  ExpectClean(RunOnce([] {
    RWMutex mutex;
    auto reader = mutex.RLocker();
    Cond cond(reader);
    bool woken = false;
    AwaitBlocked(Go([&] {
      reader.Lock();
      cond.Wait();
      EXPECT_FALSE(mutex.TryLock());
      woken = true;
      reader.Unlock();
    }));
    EXPECT_TRUE(mutex.TryLock());
    mutex.Unlock();
    cond.Signal();
    while (!woken) Yield();
  }));
}

TEST(Once, RunsOnceAndASecondCallerBlocksUntilItIsDone) {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
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

TEST(Once, ACallFromWithinDeadlocks) {
  const TestRun run = RunOnce([] {
    Once once;
    once.Do([&] { once.Do([] { ADD_FAILURE() << "twice"; }); });
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  EXPECT_EQ(run.left.at(0).operation, "once");
}

TEST(Once, AFunctionThatThrowsCountsAsDone) {
  ExpectClean(RunOnce([] {
    Once once;
    int waited = 0;
    EXPECT_THROW(once.Do([&] {
      AwaitBlocked(Go([&] {
        once.Do([] { ADD_FAILURE() << "again"; });
        ++waited;
      }));
      throw std::runtime_error("once");
    }),
                 std::runtime_error);
    once.Do([] { ADD_FAILURE() << "again"; });
    while (waited == 0) Yield();
  }));
}

Mutex g_mutex;
RWMutex g_rwmutex;
WaitGroup g_tasks;
Once g_once;
Semaphore g_semaphore(1);
Cond g_cond(g_mutex);

TEST(GlobalObjects, StartAfreshInEachRun) {
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

// What runs do to them stays there: outside every run they have a life of their own.
TEST(GlobalObjects, AreTheirOwnOutsideEveryRun) {
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

// An object made in one run is used in the next.
template <class T>
void ExpectRefusedInTheNextRun(const std::function<std::unique_ptr<T>()>& make,
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

TEST(ObjectsOfAnEarlierRun, AreRefused) {
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

TEST(ObjectsOfAnEarlierRun, TimersAreRefused) {
  ExpectRefusedInTheNextRun<Timer>([] { return std::make_unique<Timer>(NewTimer(Duration(1))); },
                                   [](Timer& t) { t.Stop(); });
  ExpectRefusedInTheNextRun<Timer>(
      [] { return std::make_unique<Timer>(AfterFunc(Duration(1), [] {})); },
      [](Timer& t) { t.Reset(Duration(1)); });
}

}  // namespace
