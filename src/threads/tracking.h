// What the wrapped calls share: the calling thread's record, and the note of what it waits in.
//
// Invariants:
//  1. A thread's record is found by a thread_local of the initial-exec model, an option these files
//     are built with: asking for it calls nothing and works in signal handlers.
//  2. A process tracks its threads once: of several copies of this (linked and preloaded) the one
//     that comes first in symbol order does it, and the others only hand calls on.
//  3. A note stands while, and only while, its thread is in the wrapped call. A thread that left it
//     by cancellation leaves a stale one, which whoever looks tells by the kernel's word.
#ifndef TASKLEAK_THREADS_TRACKING_H_
#define TASKLEAK_THREADS_TRACKING_H_

#include <errno.h>
#include <stdint.h>

#include "src/threads/real.h"
#include "src/threads/thread_table.h"

#define TASKLEAK_EXPORT extern "C" __attribute__((visibility("default")))

// The name of a wrapper's definition: the call's own, before the C library's by the order of
// symbols; or, where there is no such order, what `-static -Wl,--wrap=name` makes callers call.
#if defined(TASKLEAK_STATIC)
#define TASKLEAK_CALL(name) __wrap_##name
#else
#define TASKLEAK_CALL(name) name
#endif

namespace taskleak::internal {

extern constinit thread_local taskleak_v1_thread* t_thread;

// Called by each thread that is about to start another; null: nothing is.
using CreateHook = void (*)();
extern constinit CreateHook g_on_create;

// Finds the real calls, decides who tracks, and makes the first thread's record. Idempotent.
void BeginTracking();
// Whether this copy tracks.
bool Tracking();
// A record for a thread that was not seen being created; null when there is to be none.
taskleak_v1_thread* AdoptThread();

inline taskleak_v1_thread* Self() {
  taskleak_v1_thread* self = t_thread;
  return __builtin_expect(self != nullptr, 1) ? self : AdoptThread();
}

// Around a call that may block. Everything in it stays in the wrapped call's own frame, whose
// registers it notes.
class WaitNote {
 public:
  __attribute__((always_inline)) WaitNote(int kind, const volatile void* address,
                                          const volatile void* address2, bool timed)
      : WaitNote(kind, reinterpret_cast<uintptr_t>(address), reinterpret_cast<uintptr_t>(address2),
                 timed) {}
  __attribute__((always_inline)) WaitNote(int kind, uintptr_t address, uintptr_t address2,
                                          bool timed)
      : thread_(Self()) {
    if (thread_ == nullptr) return;
    taskleak_v1_wait& wait = thread_->wait;
    // As in the task table: x86 keeps stores in order, others want the fences.
    __atomic_store_n(&wait.version, wait.version + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    wait.kind = static_cast<uint8_t>(kind);
    wait.timed = timed ? 1 : 0;
    ++wait.count;
    wait.address = address;
    wait.address2 = address2;
    wait.since = Now();
    TASKLEAK_SAVE_REGISTERS(&wait.registers);
    __atomic_store_n(&wait.version, wait.version + 1, __ATOMIC_RELEASE);
  }
  // Not a destructor: the wrapped call returns what it did after this, so it is no tail call.
  // Keeps errno.
  __attribute__((always_inline)) void End() {
    if (thread_ == nullptr) return;
    taskleak_v1_wait& wait = thread_->wait;
    __atomic_store_n(&wait.version, wait.version + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    wait.kind = taskleak_v1_wait_none;
    __atomic_store_n(&wait.version, wait.version + 1, __ATOMIC_RELEASE);
  }

 private:
  // To a few milliseconds, which is all that "since" wants, for a quarter of the price.
  static int64_t Now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  }

  taskleak_v1_thread* const thread_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_TRACKING_H_
