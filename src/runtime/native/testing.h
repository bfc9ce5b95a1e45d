// For tests: one body on a native runtime of its own, whose time is virtual.
#ifndef TASKLEAK_RUNTIME_NATIVE_TESTING_H_
#define TASKLEAK_RUNTIME_NATIVE_TESTING_H_

#include <atomic>
#include <functional>
#include <string_view>

#include "src/registry/snapshot.h"
#include "src/runtime/native/native_runtime.h"
#include "src/runtime/sim/testing.h"

namespace taskleak::internal {

// Runs a body as the simulator does, but on OS threads: the run goes on until no task can run and
// no timer is left, which this runtime knows, since it counts the tasks that are not parked. So a
// test of a leak waits for nothing. Time stands still while a task runs and then jumps to the next
// timer, so that a test of an hour's timer takes no hour. What is left is unwound, one task after
// another.
//
// Used once, by one thread, which is no task.
class NativeTestRuntime final : public NativeRuntime {
 public:
  NativeTestRuntime();
  ~NativeTestRuntime() override;

  TestRun Run(const std::function<void()>& body);

  std::int64_t Now() override { return now_.load(std::memory_order_relaxed); }
  void NoteMisuse(const char* sentence) override;

 private:
  void OnFailure(const NativeTask& task, const char* kind, const char* what) noexcept override;
  void OnQuiet() override;
  void OnEarlierTimer() override {}  // Looked at when nothing runs.

  void AwaitQuiet();  // Under the lock, which it gives up meanwhile.
  void RunToTheEnd();
  void UnwindAll();
  void Clear();

  NativeTask host_;
  FutexWord quiet_{0};
  std::atomic<std::int64_t> now_{0};
  RunResult result_;
};

inline TestRun RunNativelyOnce(const std::function<void()>& body) {
  NativeTestRuntime runtime;
  return runtime.Run(body);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_TESTING_H_
