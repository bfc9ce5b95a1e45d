// Exceptions across switches, and the unwinding of what a run leaves.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/runtime/sim/testing.h"
#include "taskleak/chan.h"
#include "taskleak/registry.h"
#include "taskleak/select.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Chan;
using taskleak::Cond;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Mutex;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::RWMutex;
using taskleak::Select;
using taskleak::Semaphore;
using taskleak::Sleep;
using taskleak::TaskId;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
using taskleak::WaitGroup;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::RunOptions;
using taskleak::internal::RunResult;
using taskleak::internal::Simulator;
using taskleak::internal::TestDecider;
using taskleak::internal::TestRun;

void AwaitBlocked(TaskId id) {
  for (;; Yield()) {
    for (const TaskSnapshot& task : TaskRegistry::Global().Snapshot())
      if (task.id == id && task.state == TaskState::kBlocked) return;
  }
}

std::string Current() {
  const std::exception_ptr current = std::current_exception();
  if (current == nullptr) return "none";
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& error) {
    return error.what();
  }
}

// Says when it dies.
struct Guard {
  explicit Guard(int& count) : count(count) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { ++count; }
  int& count;
};

TEST(Unwinding, DestructorsOfLeakedTasksRun) {
  for (std::uint64_t seed = 0; seed <= 10; ++seed) {
    int destroyed = 0;
    const TestRun run = RunOnce(
        [&destroyed] {
          Mutex mutex;
          mutex.Lock();
          WaitGroup tasks;
          tasks.Add(1);
          Mutex lock_of_cond;
          Cond cond(lock_of_cond);
          RWMutex rwmutex;
          rwmutex.Lock();
          Semaphore semaphore(0);
          const auto ch = MakeChan<std::unique_ptr<int>>();
          // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the unwound task's captures
          // go.
          const auto leak = [&destroyed](auto block) {
            AwaitBlocked(Go([&destroyed, block, in_capture = std::make_unique<int>(1)] {
              const Guard guard(destroyed);
              block();
              ADD_FAILURE() << "came back";
            }));
          };
          leak([ch] { ch.Send(std::make_unique<int>(1)); });
          leak([other = MakeChan<int>()] { static_cast<void>(other.Recv()); });
          leak([ch, other = MakeChan<int>()] {
            Select(OnSend(ch, std::make_unique<int>(1)), OnRecv(other));
          });
          leak([&mutex] { mutex.Lock(); });
          leak([&rwmutex] { rwmutex.RLock(); });
          leak([&tasks] { tasks.Wait(); });
          leak([&semaphore] { semaphore.Acquire(); });
          leak([&lock_of_cond, &cond] {
            lock_of_cond.Lock();
            cond.Wait();
          });
        },
        seed);
    EXPECT_EQ(run.result.end, RunEnd::kLeak);
    EXPECT_EQ(run.left.size(), 8u);
    EXPECT_EQ(destroyed, 8);
    EXPECT_EQ(run.result.abandoned, 0u);
  }
}

TEST(Unwinding, FiftyLeakedTasks) {
  int destroyed = 0;
  const TestRun run = RunOnce([&destroyed] {
    const auto ch = MakeChan<int>();
    for (int i = 0; i < 50; ++i) {
      Go([&destroyed, ch] {
        const Guard guard(destroyed);
        ch.Send(1);
      });
    }
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  EXPECT_EQ(run.left.size(), 50u);
  EXPECT_EQ(destroyed, 50);
  EXPECT_EQ(run.result.peak_tasks, 51u);
}

TEST(Unwinding, ATaskThatNeverBeganLosesItsCaptures) {
  const auto shared = std::make_shared<int>(1);
  bool ran = false;
  const TestRun run = RunOnce([&] {
    Go([shared, &ran] { ran = true; });
    throw std::runtime_error("at once");
  });
  EXPECT_EQ(run.result.end, RunEnd::kException);
  EXPECT_FALSE(ran);
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Unwinding, ATaskAboutToBeStartedWhenTheRunEndsLosesItsCaptures) {
  const auto shared = std::make_shared<int>(1);
  RunOptions options;
  options.max_steps = 100;
  const TestRun run = RunOnce(
      [&shared] {
        for (;;) Go([shared] {});
      },
      0, options);
  EXPECT_EQ(run.result.end, RunEnd::kStepLimit);
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Unwinding, ADestructorThatBlocksDoesNotHang) {
  struct Blocks {
    ~Blocks() {
      static_cast<void>(Chan<int>().Recv());
      Sleep(1h);
      Select();
      ++destroyed;
    }
    int& destroyed;
  };
  int destroyed = 0;
  const TestRun run = RunOnce([&destroyed] {
    Go([&destroyed] {
      const Blocks blocks{destroyed};
      static_cast<void>(Chan<int>().Recv());
    });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(run.result.abandoned, 0u);
  EXPECT_EQ(run.result.time, 0) << "an operation of a task that unwinds does nothing";
}

TEST(Unwinding, OperationsWhileUnwindingDoNothing) {
  int checked = 0;
  const TestRun run = RunOnce([&checked] {
    const auto ch = MakeChan<int>(1);
    Mutex mutex;
    struct Acts {
      const Chan<int>& ch;
      int& checked;
      ~Acts() {
        ch.Send(1);
        EXPECT_FALSE(ch.TrySend(1));
        EXPECT_FALSE(ch.TryRecv().ready);
        EXPECT_EQ(ch.Recv(), std::nullopt);
        ch.Close();
        ch.Close();
        EXPECT_EQ(Go([] { ADD_FAILURE() << "started"; }), 0u);
        EXPECT_FALSE(MakeChan<int>());
        ++checked;
      }
    };
    const Acts acts{ch, checked};
    Select();
  });
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock);
  EXPECT_EQ(checked, 1);
}

// Nothing can be thrown through such a frame: the task is left as it is, the others and later runs
// are not disturbed.
TEST(Unwinding, ANoexceptFrameIsAbandoned) {
  Simulator simulator;
  for (int i = 0; i < 3; ++i) {
    int destroyed = 0;
    TestDecider decider;
    const RunResult result = simulator.Run(
        [&destroyed] {
          Go([&destroyed] {
            const Guard guard(destroyed);
            static_cast<void>(Chan<int>().Recv());
          });
          Go([]() noexcept { static_cast<void>(Chan<int>().Recv()); });
          Go([&destroyed] {
            const Guard guard(destroyed);
            static_cast<void>(Chan<int>().Recv());
          });
        },
        decider, {});
    EXPECT_EQ(result.end, RunEnd::kLeak);
    EXPECT_EQ(result.abandoned, 1u);
    EXPECT_EQ(destroyed, 2);
    EXPECT_EQ(Current(), "none");
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  }
}

TEST(Unwinding, ATaskThatLeaksInADestructorIsAbandoned) {
  struct Blocks {
    ~Blocks() { static_cast<void>(Chan<int>().Recv()); }
  };
  const TestRun run = RunOnce([] { Go("stuck", [] { const Blocks blocks; }); });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  EXPECT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.result.abandoned, 1u);
}

TEST(Unwinding, ALoopThatCatchesEverythingIsAbandoned) {
  const TestRun run = RunOnce([] {
    Go("stubborn", [] {
      for (;;) {
        try {
          static_cast<void>(Chan<int>().Recv());
          // NOLINTNEXTLINE(bugprone-empty-catch): that is what is tested.
        } catch (...) {
        }
      }
    });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  EXPECT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.result.abandoned, 1u);
}

TEST(Unwinding, OneThatCatchesEverythingAndEndsIsNot) {
  bool caught = false;
  const TestRun run = RunOnce([&caught] {
    Go([&caught] {
      try {
        static_cast<void>(Chan<int>().Recv());
      } catch (const std::exception&) {
        ADD_FAILURE() << "what unwinds a task is no std::exception";
      } catch (...) {
        caught = true;
      }
    });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  EXPECT_TRUE(caught);
  EXPECT_EQ(run.result.abandoned, 0u);
}

TEST(Unwinding, OnDemandEverythingIsAbandoned) {
  static int destroyed;
  destroyed = 0;
  RunOptions options;
  options.abandon = true;
  const TestRun run = RunOnce(
      [] {
        Go([] {
          const Guard guard(destroyed);
          static_cast<void>(Chan<int>().Recv());
        });
      },
      0, options);
  EXPECT_EQ(run.result.abandoned, 1u);
  EXPECT_EQ(destroyed, 0);
}

// The commonest leak: root returns while tasks still use what stood in its frame.
TEST(RootsFrame, ALockMayDieWithWaiters) {
  for (std::uint64_t seed = 0; seed <= 10; ++seed) {
    const TestRun run = RunOnce(
        [] {
          Mutex mutex;
          WaitGroup tasks;
          mutex.Lock();
          tasks.Add(1);
          AwaitBlocked(Go("locks", [&mutex] { mutex.Lock(); }));
          AwaitBlocked(Go("waits", [&tasks] { tasks.Wait(); }));
        },
        seed);
    EXPECT_EQ(run.result.end, RunEnd::kLeak);
    ASSERT_EQ(run.left.size(), 2u);
    EXPECT_EQ(run.left[0].objects.at(0).kind, "mutex");
    EXPECT_TRUE(run.left[0].objects.at(0).destroyed);
    EXPECT_EQ(run.left[1].objects.at(0).kind, "wait group");
    EXPECT_TRUE(run.left[1].objects.at(0).destroyed);
  }
}

TEST(RootsFrame, AChannelMayDieWithWaiters) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>();
    AwaitBlocked(Go([&ch] { static_cast<void>(ch.Recv()); }));
    AwaitBlocked(Go([&ch] { Select(OnRecv(ch)); }));
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 2u);
  EXPECT_EQ(run.left[0].objects.at(0).waiting.size(), 2u);
}

TEST(RootsFrame, IsNeitherReusedNorUnmappedBeforeAllTasksAreGone) {
  Simulator simulator;
  for (int i = 0; i < 3; ++i) {
    TestDecider decider;
    std::uintptr_t root = 0;
    std::vector<std::uintptr_t> others;
    const RunResult result = simulator.Run(
        [&] {
          root = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
          struct Reads {  // While all is unwound, and root has long returned.
            const std::uintptr_t& root;
            ~Reads() { static_cast<void>(*reinterpret_cast<const volatile char*>(root)); }
          };
          Go([&] {
            const Reads reads{root};
            for (int j = 0; j < 20; ++j)
              Go([&] {
                others.push_back(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
              });
            static_cast<void>(Chan<int>().Recv());
          });
        },
        decider, {});
    EXPECT_EQ(result.end, RunEnd::kLeak);
    ASSERT_EQ(others.size(), 20u);
    for (const std::uintptr_t frame : others)
      EXPECT_GT(frame > root ? frame - root : root - frame, 16384u);
  }
}

}  // namespace
