// How a run ends, what the canonical schedule is, what a snapshot shows.
#include "src/runtime/sim/simulator.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "src/runtime/sim/testing.h"
#include "taskleak/chan.h"
#include "taskleak/error.h"
#include "taskleak/registry.h"
#include "taskleak/select.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::AfterFunc;
using taskleak::Chan;
using taskleak::CurrentTask;
using taskleak::Duration;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::NewTicker;
using taskleak::Panic;
using taskleak::Select;
using taskleak::Sleep;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
using taskleak::Ticker;
using taskleak::UsageError;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::RunOptions;
using taskleak::internal::TestRun;

RunOptions Steps(std::uint64_t max_steps) {
  RunOptions options;
  options.max_steps = max_steps;
  return options;
}

void ExpectClean(const TestRun& run) {
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
  EXPECT_TRUE(run.left.empty());
}

std::vector<std::string> Names(const std::vector<TaskSnapshot>& tasks) {
  std::vector<std::string> names;
  for (const TaskSnapshot& task : tasks) names.push_back(task.name);
  return names;
}

using Strings = std::vector<std::string>;

TEST(RunEnd, CleanWhenAllTasksHaveEnded) {
  int ran = 0;
  const TestRun run = RunOnce([&ran] {
    for (int i = 0; i < 3; ++i) Go([&ran] { ++ran; });
  });
  ExpectClean(run);
  EXPECT_EQ(ran, 3) << "the run goes on when root has returned";
  EXPECT_EQ(run.result.tasks, 4u);
  EXPECT_EQ(run.result.peak_tasks, 4u);
  EXPECT_EQ(run.result.abandoned, 0u);
}

TEST(RunEnd, SaysHowLongTheTasksOutlivedTheirRoot) {
  const auto outlives = [](std::chrono::seconds body) {
    return RunOnce([body] {
      Go([] { Sleep(3s); });
      Sleep(body);
    });
  };
  EXPECT_EQ(Duration(outlives(1s).result.recovery), 2s);
  EXPECT_EQ(Duration(outlives(3s).result.recovery), 0s);
  EXPECT_EQ(Duration(outlives(5s).result.recovery), 0s);
}

TEST(RunEnd, LeakWhenRootReturnedAndOthersRemain) {
  const TestRun run = RunOnce([] {
    Go("stuck", [] { static_cast<void>(Chan<int>().Recv()); });
    Go("ends", [] {});
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  EXPECT_EQ(Names(run.left), Strings{"stuck"});
}

TEST(RunEnd, DeadlockWhenRootCannotGoOnAndOthersAreListed) {
  const TestRun run = RunOnce([] {
    Go("stuck", [] { static_cast<void>(Chan<int>().Recv()); });
    Go("ends", [] {});
    Select();
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  EXPECT_EQ(Names(run.left), (Strings{"root", "stuck"}));
}

TEST(RunEnd, PanicWhenAPanicLeavesATask) {
  const TestRun run = RunOnce([] {
    Go("other", [] { static_cast<void>(Chan<int>().Recv()); });
    Go("broken", [] { throw Panic("sorry"); });
    Yield();
    ADD_FAILURE() << "the run is over";
  });
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, "sorry");
  EXPECT_EQ(run.result.failed_task, 3u);
  EXPECT_EQ(Names(run.left), (Strings{"root", "other", "broken"}));
}

TEST(RunEnd, ExceptionWhenAnyOtherLeavesATask) {
  const TestRun from_task = RunOnce([] {
    Go([] { throw std::runtime_error("oh"); });
    Select();
  });
  EXPECT_EQ(from_task.result.end, RunEnd::kException);
  EXPECT_EQ(from_task.result.message, "oh");
  EXPECT_EQ(from_task.result.failed_task, 2u);
  const TestRun odd = RunOnce([] { throw 42; });
  EXPECT_EQ(odd.result.end, RunEnd::kException);
  EXPECT_EQ(odd.result.message, "an exception that is no std::exception");
}

TEST(RunEnd, ABodyThatThrowsEndsTheRunForAll) {
  int destroyed = 0;
  bool went_on = false;
  const TestRun run = RunOnce([&] {
    struct Guard {
      int& count;
      ~Guard() { ++count; }
    };
    Go("sleeps", [&] {
      const Guard guard{destroyed};
      Sleep(1s);
      went_on = true;
    });
    Go("blocked", [&] {
      const Guard guard{destroyed};
      static_cast<void>(Chan<int>().Recv());
    });
    Yield();
    Go("new", [&] { went_on = true; });
    throw std::runtime_error("root");
  });
  EXPECT_EQ(run.result.end, RunEnd::kException);
  EXPECT_EQ(run.result.message, "root");
  EXPECT_EQ(run.result.failed_task, 1u);
  EXPECT_EQ(Names(run.left), (Strings{"root", "sleeps", "blocked", "new"}));
  EXPECT_EQ(destroyed, 2);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(run.result.time, 0);
}

TEST(RunEnd, LeakWhenATaskRunsForEver) {
  const TestRun run = RunOnce(
      [] {
        const auto ch = MakeChan<int>();
        Go("loop", [] {
          const Ticker ticker = NewTicker(1s);
          for (;;) static_cast<void>(ticker.C().Recv());
        });
        Go("stuck", [ch] { static_cast<void>(ch.Recv()); });
      },
      0, Steps(5000));
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(Names(run.left), (Strings{"loop", "stuck"}));
  EXPECT_EQ(run.left[0].state, TaskState::kRunningForEver);
  EXPECT_EQ(run.left[1].state, TaskState::kBlocked);
  EXPECT_TRUE(run.left[1].suspect) << "nobody touched its channel in all those steps";
}

TEST(RunEnd, LeakWhenATaskSpinsForEver) {
  const TestRun run = RunOnce(
      [] {
        Go("spins", [] {
          for (;;) Yield();
        });
      },
      0, Steps(5000));
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(Names(run.left), Strings{"spins"});
  EXPECT_EQ(run.left[0].state, TaskState::kRunningForEver);
}

TEST(RunEnd, StepLimitWhenTwoTasksPingPongForEver) {
  for (const bool root_returns : {false, true}) {
    const TestRun run = RunOnce(
        [root_returns] {
          const auto ping = MakeChan<int>();
          const auto pong = MakeChan<int>();
          Go([=] {
            for (;;) ping.Send(pong.Recv().value());
          });
          Go([=] {
            for (;; static_cast<void>(ping.Recv())) pong.Send(1);
          });
          if (!root_returns) Select();
        },
        0, Steps(5000));
    EXPECT_EQ(run.result.end, RunEnd::kStepLimit) << root_returns;
    EXPECT_GE(run.result.steps, 10000u) << "it was given as much again, canonically";
  }
}

TEST(RunEnd, AnUnfairScheduleIsNoEndlessRun) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    ExpectClean(RunOnce(
        [] {
          bool fired = false;
          static_cast<void>(AfterFunc(1s, [&] { fired = true; }));
          while (!fired) Yield();  // A random walk does not fire a timer while a task can run.
        },
        seed, Steps(500)));
  }
}

TEST(RunEnd, ASleeperIsNoLeak) {
  const TestRun run = RunOnce([] { Go([] { Sleep(24h); }); });
  ExpectClean(run);
  EXPECT_EQ(run.result.time, Duration(24h).count());
}

TEST(Misuse, AForeignThreadIsRefused) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    std::string said;
    std::thread([&] {
      try {
        ch.Send(1);
      } catch (const UsageError& error) {
        said = error.what();
      }
      for (const TaskSnapshot& task : TaskRegistry::Global().Snapshot())
        EXPECT_NE(task.name, "root") << "it sees the native tasks, not the run's";
    }).join();
    EXPECT_NE(said.find("this thread is not one of its tasks"), std::string::npos) << said;
    EXPECT_EQ(ch.Len(), 0u);
  }));
}

TEST(Misuse, ARunInsideARunIsRefused) {
  const TestRun run = RunOnce([] { RunOnce([] { ADD_FAILURE() << "nested"; }); });
  EXPECT_EQ(run.result.end, RunEnd::kMisuse);
  EXPECT_NE(run.result.message.find("inside a simulation"), std::string::npos)
      << run.result.message;
}

TEST(Misuse, ReachesTheCallerWhateverTheBodyMakesOfIt) {
  const TestRun swallowed = RunOnce([] {
    try {
      RunOnce([] {});
      // NOLINTNEXTLINE(bugprone-empty-catch): that is what is tested.
    } catch (const std::exception&) {
    }
  });
  EXPECT_EQ(swallowed.result.end, RunEnd::kMisuse);
  Chan<int> kept;
  ExpectClean(RunOnce([&kept] { kept = MakeChan<int>(); }));
  const TestRun masked = RunOnce([&kept] {
    try {
      kept.Close();
    } catch (const std::exception&) {
      throw std::runtime_error("another");
    }
  });
  EXPECT_EQ(masked.result.end, RunEnd::kMisuse);
  EXPECT_NE(masked.result.message.find("belongs to an earlier run"), std::string::npos)
      << masked.result.message;
}

}  // namespace
