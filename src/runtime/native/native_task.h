// A task of the native runtime: one OS thread's work, with what it is blocked on.
#ifndef TASKLEAK_RUNTIME_NATIVE_NATIVE_TASK_H_
#define TASKLEAK_RUNTIME_NATIVE_NATIVE_TASK_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "src/registry/task_table.h"
#include "src/runtime/native/futex.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

class NativeRuntime;

// Started by Go and run by a thread of the pool, or a thread that came by and was attached. Never
// freed but used again, so that a late wake of one that has ended is spurious and no more.
//
// Invariants (L: the runtime's lock is held):
//  1. `depth` is touched by the task's own thread only: how many operations it is within. It holds
//     the lock exactly while that is not 0.
//  2. All else but `wake` is written under L, or before the task starts.
//  3. While `parked`, the thread stays within Park and its frames from `frame` outwards stand
//  still:
//     it cannot come back without L.
struct NativeTask : Task {
  static constexpr std::uint32_t kNotWoken = 0;
  static constexpr std::uint32_t kWoken = 1;
  static constexpr std::uint32_t kAsleep = 2;  // Not woken, and to be woken by the kernel.

  NativeRuntime* runtime = nullptr;
  bool started_by_go = false;  // Else an attached thread, which ends outside our sight.
  bool parked = false;
  bool unwind = false;  // Test runs only: leaves its next or present Park by an exception.
  std::uint32_t depth = 0;
  std::uint32_t spins = 0;  // How long it looks for its wake before it sleeps; see Park.
  std::uint64_t random = 0;
  std::uint32_t next_timer = 1;
  FutexWord wake{kNotWoken};  // kWoken: unparked, and Park has not yet taken notice.

  const Operation* operation = nullptr;
  OpKind last_kind = OpKind::kNone;
  Site last_site;
  std::int64_t blocked_since = 0;
  const void* frame = nullptr;
  std::uintptr_t stack_high = 0;  // Of its thread; 0: not known.
  taskleak_v1_task* record = nullptr;

  TaskCode code;
  std::size_t code_size = 0;
  std::size_t code_alignment = 0;

  // What is to be done when it gives up L: tasks asleep to wake, things to destroy. Its own
  // thread's.
  std::vector<NativeTask*> to_wake;
  std::vector<std::pair<void*, void (*)(void*) noexcept>> doomed;

  NativeTask* spawning = nullptr;   // The newest task that this one is about to start; next below.
  NativeTask* next = nullptr;       // In that chain, the free list or the pool's queue.
  NativeTask* live_next = nullptr;  // In order of creation.
  NativeTask* live_prev = nullptr;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_NATIVE_TASK_H_
