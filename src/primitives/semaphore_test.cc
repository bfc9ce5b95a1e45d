// Semaphore and ErrGroup: golang.org/x/sync.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>

#include "src/runtime/testing.h"
#include "taskleak/chan.h"
#include "taskleak/context.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Background;
using taskleak::Cause;
using taskleak::Chan;
using taskleak::Context;
using taskleak::ContextError;
using taskleak::ErrGroup;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Now;
using taskleak::Panic;
using taskleak::Semaphore;
using taskleak::Sleep;
using taskleak::TimePoint;
using taskleak::Unit;
using taskleak::WithCancel;
using taskleak::WithTimeout;
using taskleak::Yield;
using taskleak::internal::AwaitAlone;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectPanic;
using taskleak::internal::ExpectRootBlockedIn;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
using taskleak::internal::TestRun;

class SemaphoreTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(SemaphoreTest);

TEST_P(SemaphoreTest, AdmitsNoMoreThanItsSize) {
  for (std::uint64_t seed = 0; seed <= Seeds(100); ++seed) {
    ExpectClean(RunOnce(
        [seed] {
          Semaphore semaphore(2);
          std::atomic<int> inside = 0;  // Two at once, whom nothing orders.
          for (int i = 0; i < 5; ++i) {
            Go([&, seed] {
              semaphore.Acquire();
              EXPECT_LE(++inside, 2) << "seed " << seed;
              Yield();
              --inside;
              semaphore.Release();
            });
          }
          AwaitAlone();
        },
        seed));
  }
}

TEST_P(SemaphoreTest, AdmitsAsManyAsItsSizeAtOnce) {
  ExpectClean(RunOnce([] {
    Semaphore semaphore(2);
    const auto meet = MakeChan<Unit>();
    Go([&] {
      semaphore.Acquire();
      meet.Send({});
      semaphore.Release();
    });
    semaphore.Acquire();
    static_cast<void>(meet.Recv());  // Of the other, who is inside too.
    semaphore.Release();
    AwaitAlone();
  }));
}

TEST_P(SemaphoreTest, ServesInOrderSoThatALargeRequestIsNotStarved) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::string order;
    ExpectClean(RunOnce(
        [&order] {
          Semaphore semaphore(2);
          semaphore.Acquire(2);
          AwaitBlocked(Go([&] {
            semaphore.Acquire(2);
            order += 'L';
            semaphore.Release(2);
          }));
          AwaitBlocked(Go([&] {
            semaphore.Acquire(1);
            order += 's';
            semaphore.Release(1);
          }));
          semaphore.Release(1);
          EXPECT_FALSE(semaphore.TryAcquire()) << "others have waited longer";
          for (int i = 0; i < 5; ++i) Yield();
          EXPECT_EQ(order, "") << "one is free, but the first in line wants two";
          semaphore.Release(1);
          AwaitAlone();
        },
        seed));
    EXPECT_EQ(order, "Ls") << "seed " << seed;
  }
}

TEST_P(SemaphoreTest, ReleasingMoreThanIsHeldPanics) {
  ExpectPanic(RunOnce([] {
                Semaphore semaphore(3);
                semaphore.Acquire(1);
                semaphore.Release(2);
              }),
              "semaphore: released more than held");
}

TEST_P(SemaphoreTest, AcquireGivesUpWhenItsContextEnds) {
  const TestRun run = RunOnce([] {
    Semaphore semaphore(2);
    semaphore.Acquire(1);
    const Context context = WithTimeout(Background(), 3s).first;
    AwaitBlocked(Go([&] {
      EXPECT_FALSE(semaphore.Acquire(context, 2));
      EXPECT_EQ(Now(), TimePoint(3s));
    }));
    const auto small = MakeChan<Unit>();
    AwaitBlocked(Go([&] {
      semaphore.Acquire(1);  // Behind the large request; fits once that has given up.
      small.Send({});
    }));
    static_cast<void>(small.Recv());
    EXPECT_EQ(Now(), TimePoint(3s));
    AwaitAlone();
    semaphore.Release(2);
    EXPECT_TRUE(semaphore.TryAcquire(2)) << "nothing was acquired by the one that gave up";
  });
  ExpectClean(run);
}

TEST_P(SemaphoreTest, AContextThatHasEndedAcquiresNothing) {
  ExpectClean(RunOnce([] {
    Semaphore semaphore(1);
    const auto [context, cancel] = WithCancel(Background());
    EXPECT_TRUE(semaphore.Acquire(context));
    semaphore.Release();
    cancel();
    EXPECT_FALSE(semaphore.Acquire(context));
    EXPECT_TRUE(semaphore.TryAcquire());
  }));
}

TEST_P(SemaphoreTest, ABlockedAcquireNamesTheSemaphoreAndTheContext) {
  const TestRun run = RunOnce([] {
    Semaphore semaphore(0);
    const Context context = WithCancel(Background()).first;
    static_cast<void>(semaphore.Acquire(context));
  });
  ExpectRootBlockedIn(run, "semaphore acquire");
  ASSERT_EQ(run.left.at(0).objects.size(), 2u);
  EXPECT_EQ(run.left[0].objects[0].kind, "semaphore");
}

// golang.org/x/sync/semaphore: "Don't make other Acquire calls block on one that's doomed to fail."
TEST_P(SemaphoreTest, ARequestBeyondItsSizeBlocksItselfOnly) {
  const TestRun run = RunOnce([] {
    Semaphore semaphore(1);
    AwaitBlocked(Go("doomed", [&] { semaphore.Acquire(2); }));
    semaphore.Acquire(1);
    semaphore.Release(1);
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "doomed");
}

class ErrGroupTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ErrGroupTest);

TEST_P(ErrGroupTest, WaitsForAllAndThenEndsItsContext) {
  for (std::uint64_t seed = 0; seed <= Seeds(30); ++seed) {
    ExpectClean(RunOnce(
        [] {
          ErrGroup group;
          int done[4] = {};
          for (int i = 0; i < 3; ++i) {
            group.Go([mine = &done[i]] {
              Yield();
              *mine = 1;
            });
          }
          group.Go("named", [&]() -> std::exception_ptr {
            done[3] = 1;
            return nullptr;
          });
          EXPECT_EQ(group.Ctx().Err(), ContextError::kNone);
          group.Wait();
          EXPECT_EQ(done[0] + done[1] + done[2] + done[3], 4);
          EXPECT_EQ(group.Ctx().Err(), ContextError::kCanceled);
        },
        seed));
  }
}

TEST_P(ErrGroupTest, TheFirstErrorEndsTheContextAndIsThrownByWait) {
  for (std::uint64_t seed = 0; seed <= Seeds(30); ++seed) {
    ExpectClean(RunOnce(
        [] {
          ErrGroup group;
          bool heard = false;
          group.Go([&] {
            static_cast<void>(group.Ctx().Done().Recv());
            EXPECT_NE(Cause(group.Ctx()), nullptr);
            heard = true;
            throw std::runtime_error("second");
          });
          group.Go([] { return std::make_exception_ptr(std::runtime_error("first")); });
          try {
            group.Wait();
            ADD_FAILURE() << "an error was returned";
          } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "first");
          }
          EXPECT_TRUE(heard);
        },
        seed));
  }
}

TEST_P(ErrGroupTest, AnythingThrownButAPanicIsAnError) {
  ExpectClean(RunOnce([] {
    ErrGroup group;
    group.Go([] { throw 42; });
    try {
      group.Wait();
      ADD_FAILURE() << "42 was thrown";
    } catch (const int answer) {
      EXPECT_EQ(answer, 42);
    }
  }));
}

TEST_P(ErrGroupTest, APanicIsNoError) {
  ExpectPanic(RunOnce([] {
                ErrGroup group;
                group.Go([] { throw Panic("broken"); });
                group.Wait();
              }),
              "broken");
}

TEST_P(ErrGroupTest, ItsContextEndsWithTheParent) {
  ExpectClean(RunOnce([] {
    const auto [parent, cancel] = WithCancel(Background());
    ErrGroup group(parent);
    group.Go([&] { static_cast<void>(group.Ctx().Done().Recv()); });
    cancel();
    group.Wait();
  }));
}

TEST_P(ErrGroupTest, ALimitBoundsHowManyWorkAtOnce) {
  for (std::uint64_t seed = 0; seed <= Seeds(50); ++seed) {
    const TestRun run = RunOnce(
        [seed] {
          ErrGroup group;
          group.SetLimit(2);
          std::atomic<int> inside = 0;  // Two at once, whom nothing orders.
          for (int i = 0; i < 6; ++i) {
            group.Go([&, seed] {
              EXPECT_LE(++inside, 2) << "seed " << seed;
              Sleep(1ms);
              --inside;
            });
          }
          group.Wait();
        },
        seed);
    ExpectClean(run);
    EXPECT_EQ(run.result.time, taskleak::Duration(3ms).count()) << "two at a time, seed " << seed;
  }
}

TEST_P(ErrGroupTest, ALeakedTaskOfItIsADeadlockOfWait) {
  const TestRun run = RunOnce([] {
    ErrGroup group;
    group.Go("stuck", [] { static_cast<void>(Chan<int>().Recv()); });
    group.Wait();
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  ASSERT_EQ(run.left.size(), 2u);
  EXPECT_EQ(run.left[1].name, "stuck");
}

}  // namespace
