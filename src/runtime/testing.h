// For tests of what holds on either runtime: one suite, with the runtime as its parameter; and what
// such tests wait for and expect.
//
//   class ChanTable : public OnBothRuntimes {};
//   INSTANTIATE_ON_BOTH_RUNTIMES(ChanTable);
//   TEST_P(ChanTable, …) { const TestRun run = RunOnce([] { … }); … }
//
// Natively each task of a body is a thread. What two of them share is ordered by the primitives, or
// by AwaitBlocked, AwaitEnd and AwaitAlone below; and what a task refers to outlives it, unless it
// is parked for ever.
#ifndef TASKLEAK_RUNTIME_TESTING_H_
#define TASKLEAK_RUNTIME_TESTING_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "src/runtime/native/testing.h"
#include "src/runtime/sim/testing.h"
#include "taskleak/registry.h"
#include "taskleak/task.h"

namespace taskleak::internal {

enum class RuntimeKind : std::uint8_t { kSimulator, kNative };

class OnBothRuntimes : public testing::TestWithParam<RuntimeKind> {
 protected:
  static bool native() { return GetParam() == RuntimeKind::kNative; }
  // One run of the body. Natively the schedule is the kernel's, whatever the seed.
  static TestRun RunOnce(const std::function<void()>& body, std::uint64_t seed = 0,
                         const RunOptions& options = {}) {
    return native() ? RunNativelyOnce(body) : internal::RunOnce(body, seed, options);
  }
  // How many seeds a test that tries many is worth: natively each is a handful of real threads.
  static std::uint64_t Seeds(std::uint64_t simulated) {
    return native() ? simulated / 10 + 1 : simulated;
  }
};

#define INSTANTIATE_ON_BOTH_RUNTIMES(suite)                                                     \
  INSTANTIATE_TEST_SUITE_P(                                                                     \
      Runtimes, suite,                                                                          \
      testing::Values(taskleak::internal::RuntimeKind::kSimulator,                              \
                      taskleak::internal::RuntimeKind::kNative),                                \
      [](const testing::TestParamInfo<taskleak::internal::RuntimeKind>& tested) {               \
        return std::string(                                                                     \
            tested.param == taskleak::internal::RuntimeKind::kNative ? "Native" : "Simulator"); \
      })

// A task as it stands; nullopt: it has ended.
inline std::optional<TaskSnapshot> Look(TaskId id) {
  for (TaskSnapshot& task : TaskRegistry::Global().Snapshot())
    if (task.id == id) return std::move(task);
  return std::nullopt;
}

inline bool IsBlocked(TaskId id) {
  const std::optional<TaskSnapshot> task = Look(id);
  return task.has_value() && task->state == TaskState::kBlocked;
}

// Gives way until a task stands blocked. What it did before it blocked is then visible.
inline TaskSnapshot AwaitBlocked(TaskId id) {
  for (;; Yield()) {
    std::optional<TaskSnapshot> task = Look(id);
    if (!task.has_value()) {
      ADD_FAILURE() << "task " << id << " ended and did not block";
      return {};
    }
    if (task->state == TaskState::kBlocked) return *std::move(task);
  }
}

// Gives way until a task has ended. What it did is then visible, and nothing is in use by it. Not
// for one that sleeps: natively time stands still while a task, the caller, runs.
inline void AwaitEnd(TaskId id) {
  while (Look(id).has_value()) Yield();
}

// The same for all other tasks of the run.
inline void AwaitAlone() {
  while (TaskRegistry::Global().Snapshot().size() > 1) Yield();
}

inline void ExpectClean(const TestRun& run) {
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
  EXPECT_TRUE(run.left.empty());
}

// Who is left by then is another matter: on the simulator a panic ends the run, natively the other
// tasks go on until nothing moves.
inline void ExpectPanic(const TestRun& run, std::string_view sentence) {
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, sentence);
}

// The run ended since its only task, root, stands in this operation for ever.
inline void ExpectRootBlockedIn(const TestRun& run, std::string_view operation) {
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock) << run.result.message;
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "root");
  EXPECT_EQ(run.left[0].state, TaskState::kBlocked);
  EXPECT_EQ(run.left[0].operation, operation);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_TESTING_H_
