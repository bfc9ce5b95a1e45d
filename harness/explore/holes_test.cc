// What a search cannot find. Each hole that the README admits has its test here: that it is there,
// and, where there is one, the way round it.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using taskleak::Explore;
using taskleak::ExploreOptions;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::PreemptionPoint;
using taskleak::WaitGroup;

ExploreOptions Quiet(std::uint64_t schedules) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  return options;
}

// Two tasks count up; with the counts lost, root waits for a third signal that never comes.
void LosesACount(bool marked) {
  int count = 0;
  WaitGroup tasks;
  for (int i = 0; i < 2; ++i) {
    tasks.Go([&count, marked] {
      const int seen = count;
      if (marked) PreemptionPoint();
      count = seen + 1;
    });
  }
  tasks.Wait();
  if (count != 2) static_cast<void>(MakeChan<int>().Recv());
}

TEST(Hole, PlainAccessesAreOneStepUnlessTheyAreMarked) {
  EXPECT_FALSE(Explore([] { LosesACount(false); }, Quiet(2000)).failure.has_value());
  EXPECT_TRUE(Explore([] { LosesACount(true); }, Quiet(2000)).failure.has_value());
}

TEST(Hole, AThreadOfThePlatformIsNotSeen) {
  std::mutex mutex;
  std::condition_variable released;
  bool release = false;
  std::thread blocked;
  ExploreOptions options = Quiet(1);
  const auto result = Explore(
      [&] {
        blocked = std::thread([&] {
          std::unique_lock<std::mutex> lock(mutex);
          released.wait(lock, [&] { return release; });
        });
      },
      options);
  EXPECT_FALSE(result.failure.has_value()) << "it outlives the run, blocked, and nothing is said";
  {
    const std::lock_guard<std::mutex> lock(mutex);
    release = true;
  }
  released.notify_all();
  blocked.join();
}

// A password of eight steps: right under one schedule in many.
TEST(Hole, ALeakBehindAScheduleThatWasNotRunIsNotFound) {
  const auto body = [] {
    for (int digit = 0; digit < 8; ++digit)
      if (taskleak::FuzzInt(0, 1000) != 517) return;
    Go([] { static_cast<void>(MakeChan<int>().Recv()); });
  };
  const auto result = Explore(body, Quiet(5000));
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_FALSE(result.exhausted) << "and the result does not claim otherwise";
}

// A leaked task that something else still wakes now and then is no leak to the simulator until that
// ends.
TEST(Hole, ATaskThatATimerStillWakesIsJudgedByTheStepLimitOnly) {
  ExploreOptions options = Quiet(1);
  options.max_steps = 2000;
  const auto result = Explore(
      [] {
        Go("poller", [] {
          for (const auto ticker = taskleak::NewTicker(std::chrono::seconds(1));;)
            static_cast<void>(ticker.C().Recv());
        });
      },
      options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->leaked.at(0).state, taskleak::TaskState::kRunningForEver);
  EXPECT_GE(result.steps, 2000u) << "it took that long to tell";
}

}  // namespace
