// The process's own native runtime: real threads, real time, attached threads, the pool.
#include "src/runtime/native/native_runtime.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using internal::AwaitBlocked;
using internal::AwaitEnd;
using internal::ExpectClean;
using internal::Look;
using internal::RunEnd;
using internal::RunNativelyOnce;
using internal::TestRun;

TEST(Native, TasksRunOnThreadsOfTheirOwn) {
  const auto ids = MakeChan<std::thread::id>();
  Go([ids] { ids.Send(std::this_thread::get_id()); });
  EXPECT_NE(*ids.Recv(), std::this_thread::get_id());
}

TEST(Native, AnIdleThreadServesTheNextTask) {
  const auto ids = MakeChan<std::thread::id>();
  std::set<std::thread::id> seen;
  for (int i = 0; i < 200; ++i) {
    const TaskId id = Go([ids] { ids.Send(std::this_thread::get_id()); });
    seen.insert(*ids.Recv());
    AwaitEnd(id);
  }
  EXPECT_LT(seen.size(), 100u) << "two hundred tasks one after another need no two hundred threads";
}

TEST(Native, ABlockedTaskIsShownWithBothStacksUntilItIsServed) {
  const auto channel = MakeChan<int>();
  const std::uint32_t started = __LINE__ + 1;
  const TaskId id = Go("sender", [channel] { channel.Send(1); });
  const TaskSnapshot task = AwaitBlocked(id);
  EXPECT_EQ(task.name, "sender");
  EXPECT_EQ(task.operation, "chan send");
  EXPECT_EQ(task.created_at.line, started);
  EXPECT_EQ(task.blocked_at.line, started);
  EXPECT_EQ(task.parent, CurrentTask());
  EXPECT_FALSE(task.creation_stack.empty());
  EXPECT_FALSE(task.blocked_stack.empty());
  ASSERT_EQ(task.objects.size(), 1u);
  EXPECT_EQ(task.objects[0].waiting, std::vector<TaskId>{id});
  EXPECT_EQ(channel.Recv(), 1);
  AwaitEnd(id);
}

TEST(Native, AThreadThatComesByIsATaskUntilItEnds) {
  const auto channel = MakeChan<int>();
  std::atomic<TaskId> id{0};
  std::thread foreign([channel, &id] {
    EXPECT_EQ(CurrentTask(), 0u) << "nobody knows it yet";
    id = Go([] {});
    id = CurrentTask();
    channel.Send(7);
  });
  while (id == 0) Yield();
  EXPECT_EQ(channel.Recv(), 7);
  foreign.join();
  EXPECT_FALSE(Look(id).has_value());
}

TEST(Native, SleepTakesRealTimeAndTimersFire) {
  const TimePoint before = Now();
  Sleep(20ms);
  EXPECT_GE(Now() - before, 20ms);
  EXPECT_TRUE(After(1ms).Recv().has_value());
  const auto [context, cancel] = WithTimeout(Background(), 1ms);
  static_cast<void>(context.Done().Recv());
  EXPECT_EQ(context.Err(), ContextError::kDeadlineExceeded);
  const auto called = MakeChan<Unit>();
  const Timer timer = AfterFunc(1ms, [called] { called.Close(); });
  static_cast<void>(called.Recv());
  EXPECT_FALSE(timer.Stop()) << "it has fired";
}

TEST(Native, ManyTasksCountUnderAMutex) {
  Mutex mutex;
  WaitGroup tasks;
  int count = 0;
  for (int i = 0; i < 50; ++i) {
    tasks.Go([&] {
      for (int n = 0; n < 200; ++n) {
        const std::lock_guard lock(mutex);
        ++count;
      }
    });
  }
  tasks.Wait();
  EXPECT_EQ(count, 50 * 200);
}

// What a value's destructor does is the user's: it may use the primitives, and wait.
struct Tells {
  explicit Tells(Chan<int> to) : to(std::move(to)) {}
  Tells(Tells&& other) noexcept : to(std::exchange(other.to, {})) {}
  ~Tells() {
    if (to) to.Send(1);
  }
  Chan<int> to;
};

TEST(Native, ADestructorOfAnElementMayUseTheChannels) {
  const auto told = MakeChan<int>(1);
  {
    const auto channel = MakeChan<Tells>(1);
    channel.Send(Tells(told));
    Go([last = channel] {});
  }
  EXPECT_EQ(told.Recv(), 1);
}

// A fork takes along one thread only: what the parent's tasks and timers did is not the child's.
TEST(NativeDeathTest, AForkedChildStartsAfresh) {
  if (internal::kTsan) GTEST_SKIP() << "ThreadSanitizer lets no child of a fork start threads";
  GTEST_FLAG_SET(death_test_style, "fast");
  const auto channel = MakeChan<int>();
  const TaskId sender = Go("parent's", [channel] { channel.Send(1); });
  AwaitBlocked(sender);
  const Timer timer = NewTimer(1h);
  EXPECT_EXIT(
      {
        alarm(20);  // Should it wait for a thread that is not there.
        if (internal::Look(sender).has_value()) _exit(1);
        const auto mine = MakeChan<int>();
        Go([mine] {
          Sleep(1ms);
          mine.Send(2);
        });
        _exit(mine.Recv() == 2 ? 0 : 2);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(channel.Recv(), 1);
  EXPECT_TRUE(timer.Stop());
}

// The timer holds the last reference to the context, and so to its value, unless it fires before
// the task has dropped its own.
TEST(Native, AValueThatATimerDropsMayWaitInItsDestructor) {
  static const ContextKey<Tells> kKey;
  const auto told = MakeChan<int>();
  Go([told] { static_cast<void>(WithTimeout(WithValue(Background(), kKey, Tells(told)), 5ms)); });
  while (!told.TryRecv().ready) Yield();  // It is unbuffered: so the other end waits.
  EXPECT_TRUE(After(1us).Recv().has_value()) << "the timers go on";
}

TEST(Native, AWaitWithoutTheLockPanicsAndKeepsOthersFromNothing) {
  Mutex mutex;
  Cond cond(mutex);
  EXPECT_THROW(cond.Wait(), Panic);
  std::thread([&mutex] { const std::lock_guard lock(mutex); }).join();
}

TEST(Native, AnObjectMayDieWithinARunOfTheSimulator) {
  auto channel = std::make_unique<Chan<int>>(MakeChan<int>());
  const std::size_t objects = TaskRegistry::Global().Objects().size();
  ExpectClean(internal::RunOnce([&channel] { channel.reset(); }));
  EXPECT_EQ(TaskRegistry::Global().Objects().size(), objects - 1);
}

TEST(NativeRun, EndsWhenNothingCanMove) {
  const TestRun run = RunNativelyOnce([] {
    const auto channel = MakeChan<int>();
    Go("stuck", [channel] { channel.Send(1); });
    Go("ends", [] { Sleep(1h); });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "stuck");
  EXPECT_EQ(taskleak::Duration(run.result.time), 1h) << "of virtual time";
}

TEST(NativeRun, IsCleanWhenAllHaveEnded) {
  const TestRun run = RunNativelyOnce([] {
    const auto channel = MakeChan<int>();
    Go([channel] { channel.Send(1); });
    EXPECT_EQ(channel.Recv(), 1);
  });
  ExpectClean(run);
}

TEST(NativeDeathTest, AnExceptionThatLeavesATaskEndsTheProcessAndNamesTheTask) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Go("thrower", [] { throw std::runtime_error("spilt"); });
        Select();
      },
      "exception: spilt; it left task [0-9]+ \"thrower\" \\(started at native_runtime_test.cc");
  EXPECT_DEATH(
      {
        const auto channel = MakeChan<int>();
        channel.Close();
        Go("closer", [channel] { channel.Close(); });
        Select();
      },
      "panic: close of closed channel; it left task [0-9]+ \"closer\"");
}

}  // namespace
