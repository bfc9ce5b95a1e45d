// The OS threads that native tasks run on.
#ifndef TASKLEAK_RUNTIME_NATIVE_WORKER_POOL_H_
#define TASKLEAK_RUNTIME_NATIVE_WORKER_POOL_H_

#include <cstdint>

#include "src/runtime/native/futex.h"
#include "src/runtime/native/native_task.h"

namespace taskleak::internal {

// Detached threads that run one task after another, so that starting a task need not pay for a
// thread: 1 µs for an idle one against 20 µs or more. One that has been idle for `kIdle` ends.
// Its threads are named "taskleak-pool", and are no tasks while they are idle.
//
// One in the process, never destroyed. Any thread may call Run.
class WorkerPool {
 public:
  static WorkerPool& Get();

  // Runs `run(task)` on one of the threads. Throws std::system_error when the system gives no more.
  void Run(NativeTask* task, void (*run)(NativeTask*) noexcept);

  // In the child of a fork: they were the parent's.
  void ForgetThreads();

 private:
  struct Worker {
    FutexWord job{0};  // 1: `task` is there to be run.
    NativeTask* task = nullptr;
    void (*run)(NativeTask*) noexcept = nullptr;
    Worker* next = nullptr;  // In the stack of idle ones.
  };
  static constexpr std::int64_t kIdle = 10'000'000'000;  // Nanoseconds.

  static void* Main(void* worker);
  // Waits for a job. False: it has been idle for too long, and is no longer in the stack.
  bool Await(Worker* worker);

  FutexLock lock_;          // Around `idle_`.
  Worker* idle_ = nullptr;  // The one that worked last is the first to work again: its caches are.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_WORKER_POOL_H_
