// The one place that speaks to the sanitizers. Nothing else in the tree says __asan_, __tsan_ or
// __lsan_.
#ifndef TASKLEAK_RUNTIME_SANITIZER_H_
#define TASKLEAK_RUNTIME_SANITIZER_H_

#include <cstddef>
#include <cstdint>

#include "taskleak/internal/object.h"  // TASKLEAK_TSAN, TASKLEAK_NO_TSAN.

// The library itself is compiled without TSan's instrumentation, with TASKLEAK_TSAN set by the
// build (cmake/TaskleakTargets.cmake): what it does with its queues and records on behalf of tasks
// is no race of theirs. What its operations order is said by OrderRelease and OrderAcquire below.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TASKLEAK_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(TASKLEAK_ASAN)
#define TASKLEAK_ASAN 1
#endif
#ifndef TASKLEAK_ASAN
#define TASKLEAK_ASAN 0
#endif
#ifndef TASKLEAK_TSAN
#define TASKLEAK_TSAN 0
#endif

// For functions that read memory others own: another task's stack, a record under a version lock.
#if TASKLEAK_ASAN || TASKLEAK_TSAN
#define TASKLEAK_NO_SANITIZE \
  __attribute__((no_sanitize("address"), no_sanitize("thread"), noinline))
#else
#define TASKLEAK_NO_SANITIZE
#endif

#if TASKLEAK_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if TASKLEAK_TSAN
#include <sanitizer/tsan_interface.h>
#include <sanitizer/tsan_interface_atomic.h>
// TSan's dynamic annotations, which no header of its own declares.
extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace taskleak::internal {

inline constexpr bool kAsan = TASKLEAK_ASAN != 0;
inline constexpr bool kTsan = TASKLEAK_TSAN != 0;
inline constexpr bool kSanitized = kAsan || kTsan;

// What TSan takes for an ordering between two tasks of the simulator: only what the primitives say
// (true), so that a plain race between two tasks is found though one OS thread runs both; or every
// switch from one to the other (false), for tests whose bodies share plain memory on purpose.
inline constinit bool g_exact_orderings = true;

// What a sanitizer keeps for one stack. Used by one OS thread; the host's own stack has one too.
// TSan's fiber is the task's, not the stack's: one that served two tasks would order them.
//
// At each switch: LeaveStack on the old stack with the new one's bounds, then the jump, then
// ArriveOnStack on the new one. The fake stack is kept with the stack from task to task: dropping
// it costs 36 µs, keeping it 0.06 µs.
struct SanitizerStack {
  void* fake_stack = nullptr;
  void* tsan_fiber = nullptr;
  int untracked = 0;  // While it is suspended: how many Untracked it is within.
};

// Between the two the caller's accesses are not the code's under test: an allocation, a copy of the
// C library's are seen by TSan although our own code is not instrumented. They nest; TSan wants
// them balanced when a fiber or thread ends.
#if TASKLEAK_TSAN
inline constinit thread_local int t_untracked = 0;
#endif
inline void BeginUntracked() {
#if TASKLEAK_TSAN
  ++t_untracked;
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
}
inline void EndUntracked() {
#if TASKLEAK_TSAN
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  --t_untracked;
#endif
}
inline void EndAllUntracked() {
#if TASKLEAK_TSAN
  while (t_untracked > 0) EndUntracked();
#endif
}
class Untracked {
 public:
  Untracked() { BeginUntracked(); }
  ~Untracked() { EndUntracked(); }
  Untracked(const Untracked&) = delete;
  Untracked& operator=(const Untracked&) = delete;
};

// For TSan the caller is somebody else while this lives: what is done here belongs to no task.
class OnBehalfOf {
 public:
#if TASKLEAK_TSAN
  explicit OnBehalfOf(SanitizerStack& other)
      : other_(other), self_(__tsan_get_current_fiber()), untracked_(t_untracked) {
    if (self_ == other_.tsan_fiber) return;
    __tsan_switch_to_fiber(other_.tsan_fiber, __tsan_switch_to_fiber_no_sync);
    t_untracked = other_.untracked;
  }
  ~OnBehalfOf() {
    if (self_ == other_.tsan_fiber) return;
    other_.untracked = t_untracked;
    __tsan_switch_to_fiber(self_, __tsan_switch_to_fiber_no_sync);
    t_untracked = untracked_;
  }

 private:
  SanitizerStack& other_;
  void* const self_;
  const int untracked_;

 public:
#else
  explicit OnBehalfOf(SanitizerStack& /*other*/) {}
  ~OnBehalfOf() {}  // Not trivial: nobody is to call it unused.
#endif
  OnBehalfOf(const OnBehalfOf&) = delete;
  OnBehalfOf& operator=(const OnBehalfOf&) = delete;
};

// The new fiber begins after all that the creating one has done.
inline void CreateSanitizerStack([[maybe_unused]] SanitizerStack& stack) {
#if TASKLEAK_TSAN
  stack.tsan_fiber = __tsan_create_fiber(0);
#endif
}

inline void AdoptHostStack([[maybe_unused]] SanitizerStack& stack) {
#if TASKLEAK_TSAN
  stack.tsan_fiber = __tsan_get_current_fiber();
#endif
}

inline void DestroySanitizerStack([[maybe_unused]] SanitizerStack& stack) {
#if TASKLEAK_TSAN
  if (stack.tsan_fiber == nullptr) return;
  if (stack.untracked > 0) {
    const OnBehalfOf it(stack);
    EndAllUntracked();
  }
  __tsan_destroy_fiber(stack.tsan_fiber);
  stack.tsan_fiber = nullptr;
#endif
}

// `from` is null when the old stack will not be returned to: an abandoned one.
inline void LeaveStack([[maybe_unused]] SanitizerStack* from, [[maybe_unused]] SanitizerStack& to,
                       [[maybe_unused]] const void* to_low, [[maybe_unused]] std::size_t to_size) {
#if TASKLEAK_ASAN
  __sanitizer_start_switch_fiber(from != nullptr ? &from->fake_stack : nullptr, to_low, to_size);
#endif
#if TASKLEAK_TSAN
  if (from != nullptr) from->untracked = t_untracked;
  t_untracked = to.untracked;
  __tsan_switch_to_fiber(to.tsan_fiber, g_exact_orderings ? __tsan_switch_to_fiber_no_sync : 0);
#endif
}

// What the caller has done so far happens before what follows an OrderAcquire of the same address.
// Several releases add up.
inline void OrderRelease([[maybe_unused]] const void* address) {
#if TASKLEAK_TSAN
  __tsan_release(const_cast<void*>(address));
#endif
}
inline void OrderAcquire([[maybe_unused]] const void* address) {
#if TASKLEAK_TSAN
  __tsan_acquire(const_cast<void*>(address));
#endif
}
// The same for one pair, at a word that lives on a stack and so serves other pairs later: what was
// released before is forgotten. The word's value stays.
inline void OrderReleaseAnew([[maybe_unused]] std::uint32_t* word) {
#if TASKLEAK_TSAN
  auto* atomic = reinterpret_cast<volatile __tsan_atomic32*>(word);
  __tsan_atomic32_store(atomic, *atomic, __tsan_memory_order_release);
#endif
}
inline void OrderAcquireOnce([[maybe_unused]] const std::uint32_t* word) {
#if TASKLEAK_TSAN
  static_cast<void>(__tsan_atomic32_load(reinterpret_cast<const volatile __tsan_atomic32*>(word),
                                         __tsan_memory_order_acquire));
#endif
}

inline void ArriveOnStack([[maybe_unused]] SanitizerStack& self) {
#if TASKLEAK_ASAN
  __sanitizer_finish_switch_fiber(self.fake_stack, nullptr, nullptr);
  self.fake_stack = nullptr;
#endif
}

// A stack that is used again from its top: what its last frames poisoned is not of this life.
inline void UnpoisonStack([[maybe_unused]] const void* low, [[maybe_unused]] std::size_t size) {
#if TASKLEAK_ASAN
  __asan_unpoison_memory_region(low, size);
#endif
}

// Memory that LSan shall read as roots: fiber stacks.
inline void RegisterRoots([[maybe_unused]] const void* low, [[maybe_unused]] std::size_t size) {
#if TASKLEAK_ASAN
  __lsan_register_root_region(low, size);
#endif
}
inline void UnregisterRoots([[maybe_unused]] const void* low, [[maybe_unused]] std::size_t size) {
#if TASKLEAK_ASAN
  __lsan_unregister_root_region(low, size);
#endif
}

// To be called on a stack that is about to be left for good.
inline void NoteLastState([[maybe_unused]] SanitizerStack& self) {
#if TASKLEAK_ASAN
  self.fake_stack = __asan_get_current_fake_stack();
#endif
#if TASKLEAK_TSAN
  self.untracked = t_untracked;
#endif
}

// Excuses the heap that only an abandoned stack holds: every word that points into a block marks
// that block, and so all that it reaches, as no leak. Frames that ASan has moved to its fake stack
// are searched too.
TASKLEAK_NO_SANITIZE inline void ExcuseHeapOf([[maybe_unused]] const SanitizerStack& stack,
                                              [[maybe_unused]] const void* low,
                                              [[maybe_unused]] const void* high) {
#if TASKLEAK_ASAN
  for (auto* word = static_cast<void* const*>(low); word < static_cast<void* const*>(high);
       ++word) {
    if (*word == nullptr) continue;
    __lsan_ignore_object(*word);
    void* begin = nullptr;
    void* end = nullptr;
    if (stack.fake_stack == nullptr ||
        __asan_addr_is_in_fake_stack(stack.fake_stack, *word, &begin, &end) == nullptr)
      continue;
    for (auto* inner = static_cast<void* const*>(begin); inner < static_cast<void* const*>(end);
         ++inner)
      if (*inner != nullptr) __lsan_ignore_object(*inner);
  }
#endif
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SANITIZER_H_
