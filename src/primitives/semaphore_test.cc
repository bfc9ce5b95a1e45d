// Semaphore and ErrGroup: golang.org/x/sync.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>

#include "src/runtime/sim/testing.h"
#include "taskleak/context.h"
#include "taskleak/registry.h"
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
using taskleak::Now;
using taskleak::Panic;
using taskleak::Semaphore;
using taskleak::Sleep;
using taskleak::TaskId;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
using taskleak::TimePoint;
using taskleak::WithCancel;
using taskleak::WithTimeout;
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

TEST(Semaphore, AdmitsNoMoreThanItsSize) {
  for (std::uint64_t seed = 0; seed <= 100; ++seed) {
    int most = 0;
    ExpectClean(RunOnce(
        [&most] {
          Semaphore semaphore(2);
          int inside = 0;
          int done = 0;
          for (int i = 0; i < 5; ++i) {
            Go([&] {
              semaphore.Acquire();
              most = std::max(most, ++inside);
              Yield();
              --inside;
              semaphore.Release();
              ++done;
            });
          }
          while (done < 5) Yield();
        },
        seed));
    EXPECT_LE(most, 2) << "seed " << seed;
    if (seed == 0) {
      EXPECT_EQ(most, 2);
    }
  }
}

TEST(Semaphore, ServesInOrderSoThatALargeRequestIsNotStarved) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
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
          while (order.size() < 2) Yield();
        },
        seed));
    EXPECT_EQ(order, "Ls") << "seed " << seed;
  }
}

TEST(Semaphore, ReleasingMoreThanIsHeldPanics) {
  const TestRun run = RunOnce([] {
    Semaphore semaphore(3);
    semaphore.Acquire(1);
    semaphore.Release(2);
  });
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, "semaphore: released more than held");
}

TEST(Semaphore, AcquireGivesUpWhenItsContextEnds) {
  const TestRun run = RunOnce([] {
    Semaphore semaphore(2);
    semaphore.Acquire(1);
    bool small = false;
    const Context context = WithTimeout(Background(), 3s).first;
    AwaitBlocked(Go([&] {
      EXPECT_FALSE(semaphore.Acquire(context, 2));
      EXPECT_EQ(Now(), TimePoint(3s));
    }));
    AwaitBlocked(Go([&] {
      semaphore.Acquire(1);  // Behind the large request; fits once that has given up.
      small = true;
    }));
    EXPECT_FALSE(small);
    while (!small) Sleep(1s);
    EXPECT_EQ(Now(), TimePoint(3s));
    semaphore.Release(2);
    EXPECT_TRUE(semaphore.TryAcquire(2)) << "nothing was acquired by the one that gave up";
  });
  ExpectClean(run);
}

TEST(Semaphore, AContextThatHasEndedAcquiresNothing) {
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

TEST(Semaphore, ABlockedAcquireNamesTheSemaphoreAndTheContext) {
  const TestRun run = RunOnce([] {
    Semaphore semaphore(0);
    const Context context = WithCancel(Background()).first;
    static_cast<void>(semaphore.Acquire(context));
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].operation, "semaphore acquire");
  ASSERT_EQ(run.left[0].objects.size(), 2u);
  EXPECT_EQ(run.left[0].objects[0].kind, "semaphore");
}

// golang.org/x/sync/semaphore: "Don't make other Acquire calls block on one that's doomed to fail."
TEST(Semaphore, ARequestBeyondItsSizeBlocksItselfOnly) {
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

TEST(ErrGroup, WaitsForAllAndThenEndsItsContext) {
  for (std::uint64_t seed = 0; seed <= 30; ++seed) {
    ExpectClean(RunOnce(
        [] {
          ErrGroup group;
          int done = 0;
          for (int i = 0; i < 3; ++i) {
            group.Go([&] {
              Yield();
              ++done;
            });
          }
          group.Go("named", [&]() -> std::exception_ptr {
            ++done;
            return nullptr;
          });
          EXPECT_EQ(group.Ctx().Err(), ContextError::kNone);
          group.Wait();
          EXPECT_EQ(done, 4);
          EXPECT_EQ(group.Ctx().Err(), ContextError::kCanceled);
        },
        seed));
  }
}

TEST(ErrGroup, TheFirstErrorEndsTheContextAndIsThrownByWait) {
  for (std::uint64_t seed = 0; seed <= 30; ++seed) {
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

TEST(ErrGroup, AnythingThrownButAPanicIsAnError) {
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

TEST(ErrGroup, APanicIsNoError) {
  const TestRun run = RunOnce([] {
    ErrGroup group;
    group.Go([] { throw Panic("broken"); });
    group.Wait();
  });
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, "broken");
}

TEST(ErrGroup, ItsContextEndsWithTheParent) {
  ExpectClean(RunOnce([] {
    const auto [parent, cancel] = WithCancel(Background());
    ErrGroup group(parent);
    group.Go([&] { static_cast<void>(group.Ctx().Done().Recv()); });
    cancel();
    group.Wait();
  }));
}

TEST(ErrGroup, ALimitBoundsHowManyWorkAtOnce) {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    int most = 0;
    ExpectClean(RunOnce(
        [&most] {
          ErrGroup group;
          group.SetLimit(2);
          int inside = 0;
          for (int i = 0; i < 6; ++i) {
            group.Go([&] {
              most = std::max(most, ++inside);
              Sleep(1ms);
              --inside;
            });
          }
          group.Wait();
        },
        seed));
    EXPECT_EQ(most, 2) << "seed " << seed;
  }
}

TEST(ErrGroup, ALeakedTaskOfItIsADeadlockOfWait) {
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
