// Mutex and RWMutex.
#include <gtest/gtest.h>

#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "src/runtime/sim/testing.h"
#include "taskleak/registry.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"

namespace {

using taskleak::Go;
using taskleak::Mutex;
using taskleak::Panic;
using taskleak::PreemptionPoint;
using taskleak::RWMutex;
using taskleak::TaskId;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
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

void ExpectPanic(const TestRun& run, std::string_view sentence) {
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, sentence);
}

// Without the lock some schedule loses an update; with it none does.
TEST(Mutex, ExcludesOthers) {
  int lost = 0;
  for (const bool locks : {false, true}) {
    for (std::uint64_t seed = 0; seed <= 200; ++seed) {
      int counter = 0;
      ExpectClean(RunOnce(
          [&] {
            Mutex mutex;
            WaitGroup tasks;
            for (int i = 0; i < 4; ++i) {
              tasks.Go([&] {
                if (locks) mutex.Lock();
                const int read = counter;
                PreemptionPoint();
                counter = read + 1;
                if (locks) mutex.Unlock();
              });
            }
            tasks.Wait();
          },
          seed));
      if (locks) {
        EXPECT_EQ(counter, 4) << "seed " << seed;
      } else if (counter != 4) {
        ++lost;
      }
    }
  }
  EXPECT_GT(lost, 0);
}

TEST(Mutex, UnlockOfAnUnlockedOnePanics) {
  ExpectPanic(RunOnce([] {
                Mutex mutex;
                mutex.Lock();
                mutex.Unlock();
                EXPECT_THROW(mutex.Unlock(), Panic);
                mutex.Unlock();
              }),
              "unlock of unlocked mutex");
}

TEST(Mutex, AnotherTaskMayUnlock) {
  ExpectClean(RunOnce([] {
    Mutex mutex;
    mutex.Lock();
    Go([&mutex] { mutex.Unlock(); });
    mutex.Lock();
    EXPECT_FALSE(mutex.TryLock());
    mutex.Unlock();
  }));
}

TEST(Mutex, IsNotReentrant) {
  std::uint32_t line = 0;
  const TestRun run = RunOnce([&line] {
    Mutex mutex;
    mutex.Lock();
    line = __LINE__ + 1;
    mutex.Lock();
    ADD_FAILURE() << "locked twice";
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].operation, "lock");
  EXPECT_EQ(run.left[0].blocked_at.line, line);
  ASSERT_EQ(run.left[0].objects.size(), 1u);
  EXPECT_EQ(run.left[0].objects[0].kind, "mutex");
  EXPECT_EQ(run.left[0].objects[0].last_feeding.task, 0u) << "nobody unlocked it";
  EXPECT_EQ(run.left[0].objects[0].last_fed.task, 1u);
}

TEST(Mutex, TryLockNeverBlocks) {
  ExpectClean(RunOnce([] {
    Mutex mutex;
    EXPECT_TRUE(mutex.TryLock());
    EXPECT_FALSE(mutex.TryLock());
    mutex.Unlock();
    EXPECT_TRUE(mutex.TryLock());
  }));
}

TEST(Mutex, AnUnlockWakesTheLongestWaiter) {
  std::vector<int> order;
  ExpectClean(RunOnce([&order] {
    Mutex mutex;
    mutex.Lock();
    for (int i = 0; i < 4; ++i) {
      AwaitBlocked(Go([&, i] {
        const std::lock_guard lock(mutex);
        order.push_back(i);
      }));
    }
    mutex.Unlock();
    while (order.size() < 4) Yield();
  }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(Mutex, IsALockable) {
  ExpectClean(RunOnce([] {
    Mutex a;
    Mutex b;
    {
      const std::lock_guard lock(a);
      EXPECT_FALSE(a.TryLock());
      std::unique_lock other(b, std::defer_lock);
      EXPECT_TRUE(other.try_lock());
      EXPECT_FALSE(b.TryLock());
    }
    {
      const std::scoped_lock both(a, b);
      EXPECT_FALSE(a.TryLock());
      EXPECT_FALSE(b.TryLock());
    }
    EXPECT_TRUE(a.TryLock() && b.TryLock());
  }));
}

TEST(Mutex, LockingInTwoOrdersDeadlocksUnderSomeScheduleOnly) {
  int deadlocks = 0;
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    const TestRun run = RunOnce(
        [] {
          Mutex a;
          Mutex b;
          WaitGroup tasks;
          tasks.Go([&] { const std::lock_guard first(a), second(b); });
          tasks.Go([&] { const std::lock_guard first(b), second(a); });
          tasks.Wait();
        },
        seed);
    if (run.result.end == RunEnd::kDeadlock) {
      ++deadlocks;
      EXPECT_EQ(run.left.size(), 3u);
    } else {
      ExpectClean(run);
    }
  }
  EXPECT_GT(deadlocks, 0);
  EXPECT_LT(deadlocks, 51);
}

TEST(RWMutex, ReadersShareAndWritersDoNot) {
  for (std::uint64_t seed = 0; seed <= 200; ++seed) {
    int most_readers = 0;
    ExpectClean(RunOnce(
        [&most_readers] {
          RWMutex mutex;
          WaitGroup tasks;
          int readers = 0;
          int writers = 0;
          for (int i = 0; i < 3; ++i) {
            tasks.Go([&] {
              mutex.RLock();
              most_readers = std::max(most_readers, ++readers);
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
    if (seed == 0) {
      EXPECT_GT(most_readers, 1);
    }
  }
}

TEST(RWMutex, AWaitingWriterStopsLaterReaders) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
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
          while (order.size() < 2) Yield();
        },
        seed));
    EXPECT_EQ(order, "wr") << "seed " << seed;
  }
}

TEST(RWMutex, AWritersUnlockFirstAdmitsTheReadersThatWait) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    std::string order;
    ExpectClean(RunOnce(
        [&order] {
          RWMutex mutex;
          mutex.Lock();
          AwaitBlocked(Go([&] {
            mutex.Lock();
            order += 'w';
            mutex.Unlock();
          }));
          for (int i = 0; i < 2; ++i) {
            AwaitBlocked(Go([&] {
              mutex.RLock();
              order += 'r';
              mutex.RUnlock();
            }));
          }
          mutex.Unlock();
          while (order.size() < 3) Yield();
        },
        seed));
    EXPECT_EQ(order, "rrw") << "seed " << seed;
  }
}

// As Go's documentation warns: between the two read locks a writer may come, and stops the second.
TEST(RWMutex, ARecursiveReadLockDeadlocksUnderSomeScheduleOnly) {
  int deadlocks = 0;
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    const TestRun run = RunOnce(
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
          while (!mutex.TryLock()) Yield();
          mutex.Unlock();
          while (TaskRegistry::Global().Snapshot().size() > 1) Yield();
        },
        seed);
    if (run.result.end == RunEnd::kDeadlock) {
      ++deadlocks;
      ASSERT_EQ(run.left.size(), 2u);
      EXPECT_EQ(run.left[0].operation, "rlock");
      EXPECT_EQ(run.left[1].operation, "lock");
      EXPECT_EQ(run.left[0].objects.at(0).waiting, (std::vector<TaskId>{1, 2}));
    } else {
      ExpectClean(run);
    }
  }
  EXPECT_GT(deadlocks, 0);
  EXPECT_LT(deadlocks, 51);
}

TEST(RWMutex, UnlockingWhatIsNotLockedPanics) {
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

TEST(RWMutex, ASecondWriterWaitsForTheFirst) {
  const TestRun run = RunOnce([] {
    RWMutex mutex;
    mutex.Lock();
    mutex.Lock();
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  EXPECT_EQ(run.left.at(0).objects.at(0).kind, "rwmutex");
}

TEST(RWMutex, IsASharedLockable) {
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
