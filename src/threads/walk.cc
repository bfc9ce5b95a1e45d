#include "src/threads/walk.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

#include "src/threads/symbol.h"

namespace {

struct Unwinder {
  decltype(&_Unwind_Backtrace) backtrace;
  decltype(&_Unwind_GetIP) pc;
  decltype(&_Unwind_GetCFA) sp;
};
constinit Unwinder g_unwinder = {};

struct Walk {
  uintptr_t* pcs;
  size_t max;
  size_t count;
  size_t skip;
  uintptr_t high;  // The frame at or above it is the last one; 0: no bound.
};

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* argument) {
  auto* walk = static_cast<Walk*>(argument);
  const uintptr_t pc = g_unwinder.pc(context);
  if (pc == 0) return _URC_END_OF_STACK;
  if (walk->skip != 0) {
    --walk->skip;
    return _URC_NO_REASON;
  }
  if (walk->high != 0 && g_unwinder.sp(context) >= walk->high) return _URC_END_OF_STACK;
  if (walk->count == walk->max) return _URC_END_OF_STACK;
  walk->pcs[walk->count++] = pc;
  return _URC_NO_REASON;
}

}  // namespace

#if defined(__x86_64__)
// taskleak_walk_from(registers, callback, argument, backtrace): calls backtrace(callback, argument)
// from a frame whose caller is, by its unwind information, whoever had `registers`. rbx holds them;
// each rule says "saved at rbx + offset", the CFA (the caller's rsp) "what stands at rbx + 8".
// DWARF's numbers: rbx 3, rbp 6, r12 to r15 12 to 15, the return address 16; 0x0f is
// DW_CFA_def_cfa_expression, 0x10 DW_CFA_expression, 0x73 DW_OP_breg3, 0x06 DW_OP_deref.
__asm__(R"(
    .text
    .p2align 4
    .hidden taskleak_walk_from
    .globl taskleak_walk_from
    .type taskleak_walk_from, @function
taskleak_walk_from:
    .cfi_startproc
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    movq %rdi, %rbx
    movq %rsi, %rdi
    movq %rdx, %rsi
    .cfi_remember_state
    .cfi_escape 0x0f, 3, 0x73, 8, 0x06
    .cfi_escape 0x10, 16, 2, 0x73, 0
    .cfi_escape 0x10, 6, 2, 0x73, 16
    .cfi_escape 0x10, 3, 2, 0x73, 24
    .cfi_escape 0x10, 12, 2, 0x73, 32
    .cfi_escape 0x10, 13, 2, 0x73, 40
    .cfi_escape 0x10, 14, 2, 0x73, 48
    .cfi_escape 0x10, 15, 2, 0x73, 56
    call *%rcx
    nop
    .cfi_restore_state
    popq %rbx
    .cfi_adjust_cfa_offset -8
    ret
    .cfi_endproc
    .size taskleak_walk_from, . - taskleak_walk_from
)");
extern "C" __attribute__((visibility("hidden"))) void taskleak_walk_from(
    const taskleak_v1_registers* registers, _Unwind_Trace_Fn callback, void* argument,
    decltype(&_Unwind_Backtrace) backtrace);
#endif

namespace {

// Where there is no unwinder: the frame records, within the copy.
[[maybe_unused]] size_t WalkFrames(uintptr_t frame, uintptr_t low, uintptr_t high, uintptr_t* pcs,
                                   size_t max) {
  size_t count = 0;
  while (count < max && frame >= low && frame + 2 * sizeof(uintptr_t) <= high &&
         frame % sizeof(uintptr_t) == 0) {
    const auto* record = reinterpret_cast<const uintptr_t*>(frame);
    if (record[1] <= 4096) break;
    pcs[count++] = record[1];
    if (record[0] <= frame) break;
    frame = record[0];
  }
  return count;
}

}  // namespace

extern "C" {

void taskleak_v1_walk_prepare(void) {
  if (__atomic_load_n(&g_unwinder.backtrace, __ATOMIC_ACQUIRE) != nullptr) return;
  // The program's own unwinder, if it has one.
  void* backtrace = TASKLEAK_SYMBOL(_Unwind_Backtrace);
  void* pc = TASKLEAK_SYMBOL(_Unwind_GetIP);
  void* sp = TASKLEAK_SYMBOL(_Unwind_GetCFA);
#if !defined(TASKLEAK_STATIC)
  if (backtrace == nullptr) {
    void* const library = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    backtrace = dlsym(library, "_Unwind_Backtrace");
    pc = dlsym(library, "_Unwind_GetIP");
    sp = dlsym(library, "_Unwind_GetCFA");
  }
#endif
  g_unwinder.pc = reinterpret_cast<decltype(&_Unwind_GetIP)>(pc);
  g_unwinder.sp = reinterpret_cast<decltype(&_Unwind_GetCFA)>(sp);
  if (g_unwinder.pc == nullptr || g_unwinder.sp == nullptr) return;
  __atomic_store_n(&g_unwinder.backtrace, reinterpret_cast<decltype(&_Unwind_Backtrace)>(backtrace),
                   __ATOMIC_RELEASE);
}

__attribute__((noinline)) size_t taskleak_v1_walk_here(uintptr_t* pcs, size_t max) {
  const auto backtrace = __atomic_load_n(&g_unwinder.backtrace, __ATOMIC_ACQUIRE);
  if (backtrace == nullptr) {
    if (max == 0) return 0;
    pcs[0] = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
    return 1;
  }
  Walk walk{pcs, max, 0, 1, 0};  // The first is this function's own.
  backtrace(&OnFrame, &walk);
  return walk.count;
}

size_t taskleak_v1_walk_blocked(const taskleak_v1_registers* registers, uintptr_t stack_high,
                                int (*still_there)(const void*), const void* argument,
                                uintptr_t* pcs, size_t max) {
  // What lies beyond the copy reads as zeros, which ends a walk, where the mirror is large enough
  // for any frame.
  constexpr size_t kMirror = size_t{64} << 20;
  constexpr size_t kMost = size_t{8} << 20;
  if (max == 0 || registers->sp == 0 || stack_high <= registers->sp) return 0;
  const uintptr_t low = registers->sp & ~uintptr_t{15};
  size_t size = stack_high - low;
  if (size > kMost) size = kMost;
  void* mirror = mmap(nullptr, kMirror, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mirror == MAP_FAILED) return 0;
  const uintptr_t base = reinterpret_cast<uintptr_t>(mirror);
  size_t count = 0;
  const size_t copied = taskleak_v1_read_memory(low, mirror, size);
  if (copied != 0 && still_there(argument) != 0) {
    const uintptr_t shift = base - low;
    const auto bend = [low, size, shift](uintptr_t word) {
      return word - low < size ? word + shift : word;
    };
    auto* words = static_cast<uintptr_t*>(mirror);
    for (size_t i = 0; i < copied / sizeof(uintptr_t); ++i) words[i] = bend(words[i]);
    taskleak_v1_registers bent = *registers;
    bent.sp = bend(bent.sp);
    bent.fp = bend(bent.fp);
    for (uintptr_t& word : bent.saved) word = bend(word);
#if defined(__x86_64__)
    const auto backtrace = __atomic_load_n(&g_unwinder.backtrace, __ATOMIC_ACQUIRE);
    if (backtrace != nullptr) {
      Walk walk{pcs, max, 0, 1, base + copied};  // The first is taskleak_walk_from.
      taskleak_walk_from(&bent, &OnFrame, &walk, backtrace);
      count = walk.count;
    }
#endif
    if (count == 0) {
      pcs[0] = bent.pc;
      count = 1 + WalkFrames(bent.fp, base, base + copied, pcs + 1, max - 1);
    }
  }
  munmap(mirror, kMirror);
  return count;
}

size_t taskleak_v1_read_memory(uintptr_t address, void* out, size_t size) {
  iovec local{out, size};
  iovec remote{reinterpret_cast<void*>(address), size};
  const ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

}  // extern "C"
