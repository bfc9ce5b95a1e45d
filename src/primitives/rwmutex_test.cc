// RWMutex.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/chan.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"

namespace {

using taskleak::Go;
using taskleak::MakeChan;
using taskleak::RWMutex;
using taskleak::TaskId;
using taskleak::Unit;
using taskleak::WaitGroup;
using taskleak::Yield;
using taskleak::internal::AwaitAlone;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectPanic;
using taskleak::internal::ExpectRootBlockedIn;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
using taskleak::internal::TestRun;

class RWMutexTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(RWMutexTest);

TEST_P(RWMutexTest, ReadersShare) {
  ExpectClean(RunOnce([] {
    RWMutex mutex;
    const auto meet = MakeChan<Unit>();
    WaitGroup tasks;
    tasks.Go([&] {
      mutex.RLock();
      meet.Send({});
      mutex.RUnlock();
    });
    mutex.RLock();
    static_cast<void>(meet.Recv());  // Of the other, who is inside too.
    mutex.RUnlock();
    tasks.Wait();
  }));
}

TEST_P(RWMutexTest, WritersDoNotShare) {
  for (std::uint64_t seed = 0; seed <= Seeds(200); ++seed) {
    ExpectClean(RunOnce(
        [] {
          RWMutex mutex;
          WaitGroup tasks;
          std::atomic<int> readers = 0;  // Several at once, whom nothing orders.
          int writers = 0;
          for (int i = 0; i < 3; ++i) {
            tasks.Go([&] {
              mutex.RLock();
              ++readers;
              EXPECT_EQ(writers, 0);
              Yield();
              --readers;
              mutex.RUnlock();
            });
            tasks.Go([&] {
              mutex.Lock();
              EXPECT_EQ(++writers, 1);
              EXPECT_EQ(readers, 0);
              Yield();
              --writers;
              mutex.Unlock();
            });
          }
          tasks.Wait();
        },
        seed));
  }
}

TEST_P(RWMutexTest, AWaitingWriterStopsLaterReaders) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::string order;
    ExpectClean(RunOnce(
        [&order] {
          RWMutex mutex;
          mutex.RLock();
          EXPECT_TRUE(mutex.TryRLock());
          AwaitBlocked(Go([&] {
            mutex.Lock();
            order += 'w';
            mutex.Unlock();
          }));
          EXPECT_FALSE(mutex.TryRLock());
          EXPECT_FALSE(mutex.TryLock());
          AwaitBlocked(Go([&] {
            mutex.RLock();
            order += 'r';
            mutex.RUnlock();
          }));
          mutex.RUnlock();
          mutex.RUnlock();
          AwaitAlone();
        },
        seed));
    EXPECT_EQ(order, "wr") << "seed " << seed;
  }
}

TEST_P(RWMutexTest, AWritersUnlockFirstAdmitsTheReadersThatWait) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::string order;
    ExpectClean(RunOnce(
        [&order] {
          RWMutex mutex;
          const auto inside = MakeChan<char>(3);
          mutex.Lock();
          AwaitBlocked(Go([&] {
            mutex.Lock();
            inside.Send('w');
            mutex.Unlock();
          }));
          for (int i = 0; i < 2; ++i) {
            AwaitBlocked(Go([&] {
              mutex.RLock();
              inside.Send('r');
              mutex.RUnlock();
            }));
          }
          mutex.Unlock();
          AwaitAlone();
          inside.Close();
          for (const char c : inside) order += c;
        },
        seed));
    EXPECT_EQ(order, "rrw") << "seed " << seed;
  }
}

// As Go's documentation warns: between the two read locks a writer may come, and stops the second.
TEST_P(RWMutexTest, ARecursiveReadLockDeadlocksWhenAWriterComesBetween) {
  const TestRun run = RunOnce([] {
    RWMutex mutex;
    mutex.RLock();
    AwaitBlocked(Go("writer", [&] {
      mutex.Lock();
      mutex.Unlock();
    }));
    mutex.RLock();
    ADD_FAILURE() << "the writer waits, and is passed by";
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  ASSERT_EQ(run.left.size(), 2u);
  EXPECT_EQ(run.left[0].operation, "rlock");
  EXPECT_EQ(run.left[1].operation, "lock");
  EXPECT_EQ(run.left[0].objects.at(0).waiting, (std::vector<TaskId>{1, 2}));
}

// On the simulator only: that other schedules pass is a property of schedules.
TEST(RWMutexOnTheSimulator, ARecursiveReadLockDeadlocksUnderSomeScheduleOnly) {
  int deadlocks = 0;
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    const TestRun run = taskleak::internal::RunOnce(
        [] {
          RWMutex mutex;
          Go("writer", [&] {
            mutex.Lock();
            mutex.Unlock();
          });
          mutex.RLock();
          mutex.RLock();
          mutex.RUnlock();
          mutex.RUnlock();
          AwaitAlone();
        },
        seed);
    if (run.result.end == RunEnd::kDeadlock) {
      ++deadlocks;
      EXPECT_EQ(run.left.size(), 2u);
    } else {
      ExpectClean(run);
    }
  }
  EXPECT_GT(deadlocks, 0);
  EXPECT_LT(deadlocks, 51);
}

TEST_P(RWMutexTest, UnlockingWhatIsNotLockedPanics) {
  ExpectPanic(RunOnce([] {
                RWMutex mutex;
                mutex.RLock();
                mutex.Unlock();
              }),
              "unlock of unlocked RWMutex");
  ExpectPanic(RunOnce([] {
                RWMutex mutex;
                mutex.Lock();
                mutex.RUnlock();
              }),
              "RUnlock of unlocked RWMutex");
}

TEST_P(RWMutexTest, ASecondWriterWaitsForTheFirst) {
  const TestRun run = RunOnce([] {
    RWMutex mutex;
    mutex.Lock();
    mutex.Lock();
  });
  ExpectRootBlockedIn(run, "lock");
  EXPECT_EQ(run.left.at(0).objects.at(0).kind, "rwmutex");
}

TEST_P(RWMutexTest, IsASharedLockable) {
  ExpectClean(RunOnce([] {
    RWMutex mutex;
    {
      const std::shared_lock one(mutex);
      const std::shared_lock two(mutex, std::try_to_lock);
      EXPECT_TRUE(two.owns_lock());
      EXPECT_FALSE(mutex.TryLock());
    }
    {
      auto reader = mutex.RLocker();
      const std::lock_guard lock(reader);
      EXPECT_TRUE(mutex.TryRLock());
      mutex.RUnlock();
      EXPECT_FALSE(mutex.TryLock());
    }
    const std::unique_lock writer(mutex);
    EXPECT_FALSE(mutex.TryRLock());
  }));
}

}  // namespace
