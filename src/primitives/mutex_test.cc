// Mutex.
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/chan.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"

namespace {

using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Mutex;
using taskleak::Panic;
using taskleak::PreemptionPoint;
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

class MutexTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(MutexTest);

// On the simulator only, which repeats what a race does: without the lock some schedule loses an
// update, with it none does.
TEST(MutexOnTheSimulator, WithoutItSomeScheduleLosesAnUpdate) {
  int lost = 0;
  for (const bool locks : {false, true}) {
    for (std::uint64_t seed = 0; seed <= 200; ++seed) {
      int counter = 0;
      ExpectClean(taskleak::internal::RunOnce(
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

TEST_P(MutexTest, ExcludesOthers) {
  for (std::uint64_t seed = 0; seed <= Seeds(50); ++seed) {
    ExpectClean(RunOnce(
        [seed] {
          Mutex mutex;
          WaitGroup tasks;
          int counter = 0;
          for (int i = 0; i < 4; ++i) {
            tasks.Go([&] {
              for (int n = 0; n < 10; ++n) {
                const std::lock_guard lock(mutex);
                const int read = counter;
                PreemptionPoint();
                counter = read + 1;
              }
            });
          }
          tasks.Wait();
          EXPECT_EQ(counter, 40) << "seed " << seed;
        },
        seed));
  }
}

TEST_P(MutexTest, UnlockOfAnUnlockedOnePanics) {
  ExpectPanic(RunOnce([] {
                Mutex mutex;
                mutex.Lock();
                mutex.Unlock();
                EXPECT_THROW(mutex.Unlock(), Panic);
                mutex.Unlock();
              }),
              "unlock of unlocked mutex");
}

TEST_P(MutexTest, AnotherTaskMayUnlock) {
  ExpectClean(RunOnce([] {
    Mutex mutex;
    mutex.Lock();
    Go([&mutex] { mutex.Unlock(); });
    mutex.Lock();
    EXPECT_FALSE(mutex.TryLock());
    mutex.Unlock();
  }));
}

TEST_P(MutexTest, IsNotReentrant) {
  std::uint32_t line = 0;
  const TestRun run = RunOnce([&line] {
    Mutex mutex;
    mutex.Lock();
    line = __LINE__ + 1;
    mutex.Lock();
    ADD_FAILURE() << "locked twice";
  });
  ExpectRootBlockedIn(run, "lock");
  EXPECT_EQ(run.left.at(0).blocked_at.line, line);
  ASSERT_EQ(run.left[0].objects.size(), 1u);
  EXPECT_EQ(run.left[0].objects[0].kind, "mutex");
  EXPECT_EQ(run.left[0].objects[0].last_feeding.task, 0u) << "nobody unlocked it";
  EXPECT_EQ(run.left[0].objects[0].last_fed.task, 1u);
}

TEST_P(MutexTest, TryLockNeverBlocks) {
  ExpectClean(RunOnce([] {
    Mutex mutex;
    EXPECT_TRUE(mutex.TryLock());
    EXPECT_FALSE(mutex.TryLock());
    mutex.Unlock();
    EXPECT_TRUE(mutex.TryLock());
  }));
}

TEST_P(MutexTest, AnUnlockWakesTheLongestWaiter) {
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
    AwaitAlone();
  }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST_P(MutexTest, IsALockable) {
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

// Each holds one, and then wants the other.
TEST_P(MutexTest, LockingInTwoOrdersDeadlocks) {
  const TestRun run = RunOnce([] {
    Mutex a;
    Mutex b;
    const auto both_hold_one = MakeChan<Unit>();
    WaitGroup tasks;
    tasks.Go([&] {
      const std::lock_guard first(a);
      both_hold_one.Send({});
      const std::lock_guard second(b);
    });
    tasks.Go([&] {
      const std::lock_guard first(b);
      static_cast<void>(both_hold_one.Recv());
      const std::lock_guard second(a);
    });
    tasks.Wait();
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  ASSERT_EQ(run.left.size(), 3u);
  EXPECT_EQ(run.left[0].operation, "waitgroup wait");
  EXPECT_EQ(run.left[1].operation, "lock");
  EXPECT_EQ(run.left[2].operation, "lock");
}

TEST_P(MutexTest, LockingInOneOrderDoesNotDeadlock) {
  for (std::uint64_t seed = 0; seed <= Seeds(50); ++seed) {
    ExpectClean(RunOnce(
        [] {
          Mutex a;
          Mutex b;
          WaitGroup tasks;
          for (int i = 0; i < 2; ++i) {
            tasks.Go([&] {
              const std::lock_guard first(a);
              Yield();
              const std::lock_guard second(b);
            });
          }
          tasks.Wait();
        },
        seed));
  }
}

// On the simulator only: that some schedules of all find it is a property of schedules.
TEST(MutexOnTheSimulator, LockingInTwoOrdersDeadlocksUnderSomeScheduleOnly) {
  int deadlocks = 0;
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    const TestRun run = taskleak::internal::RunOnce(
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

}  // namespace
