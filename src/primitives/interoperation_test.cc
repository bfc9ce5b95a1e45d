// Where the standard library meets ours: std::stop_token and Context, bridged both ways; its locks
// on our mutexes; its durations.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <stop_token>

#include "src/runtime/testing.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using internal::OnBothRuntimes;
using internal::RunEnd;
using internal::TestRun;

class StopToken : public OnBothRuntimes {
 protected:
  static void ExpectClean(const std::function<void()>& body) {
    for (std::uint64_t seed = 0; seed <= Seeds(100); ++seed) {
      const TestRun run = RunOnce(body, seed);
      ASSERT_EQ(run.result.end, RunEnd::kClean) << "seed " << seed << ": " << run.result.message;
    }
  }
};
class StandardLibrary : public StopToken {};
INSTANTIATE_ON_BOTH_RUNTIMES(StopToken);
INSTANTIATE_ON_BOTH_RUNTIMES(StandardLibrary);

TEST_P(StopToken, StoppingItEndsTheContextAndWhoWaitsForIt) {
  ExpectClean([] {
    std::stop_source source;
    const auto [context, cancel] = WithStopToken(Background(), source.get_token());
    Go("waits", [done = context.Done()] { EXPECT_FALSE(done.Recv().has_value()); });
    EXPECT_EQ(context.Err(), ContextError::kNone);
    EXPECT_TRUE(source.request_stop());
    EXPECT_EQ(context.Err(), ContextError::kCanceled) << "within the call";
    cancel();
  });
}

// The leaky side of the one above: nobody stops it.
TEST_P(StopToken, ATokenThatNobodyStopsLeavesTheWaiterBlocked) {
  const TestRun run = RunOnce([] {
    const std::stop_source source;
    const auto [context, cancel] = WithStopToken(Background(), source.get_token());
    Go("waits", [done = context.Done()] { static_cast<void>(done.Recv()); });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "waits");
  ASSERT_EQ(run.left[0].objects.size(), 1u);
  EXPECT_EQ(run.left[0].objects[0].kind, "context");
}

TEST_P(StopToken, OneStoppedBeforeGivesAContextThatHasEnded) {
  ExpectClean([] {
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(WithStopToken(Background(), source.get_token()).first.Err(), ContextError::kCanceled);
  });
}

TEST_P(StopToken, OneThatCannotBeStoppedGivesAnOrdinaryContext) {
  ExpectClean([] {
    const auto [context, cancel] = WithStopToken(Background(), std::stop_token());
    EXPECT_EQ(context.Err(), ContextError::kNone);
    cancel();
    EXPECT_EQ(context.Err(), ContextError::kCanceled);
  });
}

TEST_P(StopToken, AContextEndsItsToken) {
  ExpectClean([] {
    const auto [context, cancel] = WithTimeout(Background(), 1h);
    const std::stop_token token = StopTokenOf(context);
    const auto stopped = MakeChan<Unit>();
    const std::stop_callback callback(token, [stopped] { stopped.Close(); });
    EXPECT_TRUE(token.stop_possible());
    EXPECT_FALSE(token.stop_requested());
    static_cast<void>(stopped.Recv());
    EXPECT_TRUE(token.stop_requested());
    EXPECT_EQ(context.Err(), ContextError::kDeadlineExceeded);
    cancel();
  });
}

TEST_P(StopToken, AContextThatHasEndedGivesOneThatIsStopped) {
  ExpectClean([] {
    const auto [context, cancel] = WithCancel(Background());
    cancel();
    EXPECT_TRUE(StopTokenOf(context).stop_requested());
    EXPECT_FALSE(StopTokenOf(Background()).stop_possible());
  });
}

// There and back again: each end reaches the other once, and nothing goes round in circles.
TEST_P(StopToken, ABridgeOverABridgeHolds) {
  ExpectClean([] {
    const auto [outer, cancel_outer] = WithCancel(Background());
    const auto [inner, cancel_inner] = WithStopToken(Background(), StopTokenOf(outer));
    Go("waits", [done = inner.Done()] { static_cast<void>(done.Recv()); });
    cancel_outer();
    static_cast<void>(inner.Done().Recv());
    cancel_inner();
  });
}

TEST_P(StandardLibrary, ItsLocksTakeOurs) {
  ExpectClean([] {
    Mutex mutex;
    RWMutex shared;
    Cond changed(mutex);
    int value = 0;
    WaitGroup tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.Go("reader", [&] {
        std::unique_lock lock(mutex);
        while (value == 0) changed.Wait();
        lock.unlock();
        const std::shared_lock reader(shared);
        EXPECT_EQ(value, 1);
      });
    }
    {
      const std::scoped_lock both(mutex, shared);
      value = 1;
    }
    changed.Broadcast();
    tasks.Wait();
    std::unique_lock later(mutex, std::defer_lock);
    EXPECT_TRUE(later.try_lock());
    EXPECT_FALSE(std::unique_lock(mutex, std::try_to_lock).owns_lock());
  });
}

TEST_P(StandardLibrary, ItsDurationsOfAllKindsAreTaken) {
  ExpectClean([] {
    const TimePoint before = Now();
    Sleep(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(0.5)));
    Sleep(1min);
    Sleep(1us);
    EXPECT_EQ(Now() - before, 500ms + 1min + 1us);
    EXPECT_TRUE(After(std::chrono::hours(1)).Recv().has_value());
  });
}

}  // namespace
