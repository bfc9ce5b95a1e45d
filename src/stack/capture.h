// Captures the program counters of a stack by walking its frame pointers.
//
// Anybody may call CaptureFrames, from any thread, any fiber and any signal handler: it allocates
// nothing, takes no lock, calls nothing, and costs about a nanosecond a frame. Names, files and
// lines come later, from the same program counters, when a report is made (symbolize.h).
//
// The code on the stack must be compiled with -fno-omit-frame-pointer; the walk ends at the first
// frame that is not. libc, libstdc++ and other libraries of a distribution usually are not.

#ifndef TASKLEAK_SRC_STACK_CAPTURE_H_
#define TASKLEAK_SRC_STACK_CAPTURE_H_

#include <cstddef>
#include <cstdint>

// The walk reads words that belong to other functions' frames: ASan would call some of them
// poisoned, TSan would see races with the threads that own them. A function with these attributes
// is never inlined into an instrumented one, so the reads stay uninstrumented; without a sanitizer
// the attributes mean nothing and inlining is free.
#if defined(__clang__)
#define TASKLEAK_UNSANITIZED                                        \
  __attribute__((no_sanitize("address", "hwaddress", "undefined"))) \
  __attribute__((disable_sanitizer_instrumentation))
#else
#define TASKLEAK_UNSANITIZED __attribute__((no_sanitize("address,thread,undefined")))
#endif

namespace taskleak::internal {

// Walks the frame records (on x86_64 and aarch64: the caller's frame pointer, then the return
// address) from `frame_address` outwards and writes at most `max` raw return addresses to `pcs`,
// innermost first. Returns their number.
//
// `return_address_or_null`, if given, is written first. It is for a pc that no frame record holds:
// that of a parked fiber. An exact pc (of a signal's context, or a function's entry) must be passed
// plus 1, for the symbolizer looks up the instruction before a return address.
//
// [`stack_low`, `stack_high`) bounds the stack that `frame_address` lies on. Every record read lies
// within, so that a garbage frame pointer ends the walk rather than the process. In a signal
// handler pass the interrupted stack pointer as `stack_low`: what lies below it may not be mapped.
TASKLEAK_UNSANITIZED inline std::size_t CaptureFrames(const void* frame_address,
                                                      const void* return_address_or_null,
                                                      std::uintptr_t stack_low,
                                                      std::uintptr_t stack_high,
                                                      std::uintptr_t* pcs, std::size_t max) {
  // The first page is never mapped: smaller values are what a thread's or a fiber's first frame
  // holds.
  constexpr std::uintptr_t kFirstPage = 4096;
  struct __attribute__((__may_alias__)) Record {
    std::uintptr_t caller;
    std::uintptr_t return_address;
  };

  std::size_t count = 0;
  if (return_address_or_null != nullptr && count < max) {
    pcs[count++] = reinterpret_cast<std::uintptr_t>(return_address_or_null);
  }
  if (stack_high < sizeof(Record)) return count;
  const std::uintptr_t last = stack_high - sizeof(Record);
  std::uintptr_t frame = reinterpret_cast<std::uintptr_t>(frame_address);
  while (count < max && frame >= stack_low && frame <= last &&
         frame % alignof(std::uintptr_t) == 0) {
    const Record* const record = reinterpret_cast<const Record*>(frame);
    std::uintptr_t pc = record->return_address;
#if defined(__aarch64__)
    // Return addresses may be signed (pointer authentication): xpaclri strips that, and is a no-op
    // where there is none.
    register std::uintptr_t link __asm__("x30") = pc;
    __asm__("hint #7" : "+r"(link));
    pc = link;
#endif
    if (pc <= kFirstPage) break;
    pcs[count++] = pc;
    // Callers lie at higher addresses; anything else is no frame pointer, and might be a cycle.
    const std::uintptr_t caller = record->caller;
    if (caller <= frame) break;
    frame = caller;
  }
  return count;
}

// Sets the bounds of the calling OS thread's own stack (not of a fiber that happens to run on it);
// both 0, an empty stack, when the system does not tell. The thread's first call reads /proc and
// allocates, so make it before a signal handler needs it; later calls read a thread_local.
void ThreadStackBounds(std::uintptr_t* low, std::uintptr_t* high);

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_CAPTURE_H_
