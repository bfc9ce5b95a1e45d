// Stacks of threads, through code without frame pointers, with libc alone.
//
// The caller's own: the unwinder of libgcc_s (or whoever else defines _Unwind_Backtrace), found at
// run time, so that nothing depends on it.
//
// Another thread's, which is blocked in a wrapped call: the call noted its registers, eight stores.
// Whoever makes a report copies that thread's stack, makes sure that the thread was in the same
// wait all the while, bends the pointers within the copy, and unwinds the copy. So a wait costs
// nothing more, nothing is read that moves, no signal disturbs anybody's system call, and
// cond_wait's caller is seen through libstdc++, which a walk of frame pointers would lose.
#ifndef TASKLEAK_THREADS_WALK_H_
#define TASKLEAK_THREADS_WALK_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct taskleak_v1_registers {
  uintptr_t pc, sp, fp;
  uintptr_t saved[5];  // x86_64: rbx, r12 to r15.
};

// Notes the registers of the function that it stands in, which must be on the stack as long as they
// are used: it must not end in a tail call.
#if defined(__x86_64__)
#define TASKLEAK_SAVE_REGISTERS(registers)                                                     \
  __asm__ volatile(                                                                            \
      "leaq 0(%%rip), %%rax\n\tmovq %%rax, 0(%0)\n\tmovq %%rsp, 8(%0)\n\tmovq %%rbp, 16(%0)\n" \
      "\tmovq %%rbx, 24(%0)\n\tmovq %%r12, 32(%0)\n\tmovq %%r13, 40(%0)\n"                     \
      "\tmovq %%r14, 48(%0)\n\tmovq %%r15, 56(%0)"                                             \
      :                                                                                        \
      : "r"(registers)                                                                         \
      : "rax", "memory")
#else
#define TASKLEAK_SAVE_REGISTERS(registers)                   \
  ((registers)->pc = (uintptr_t)__builtin_return_address(0), \
   (registers)->sp = (registers)->fp = (uintptr_t)__builtin_frame_address(0))
#endif

// Finds the unwinder. The first call may allocate and take the loader's lock: make it early.
void taskleak_v1_walk_prepare(void);

// The caller's stack from its caller outwards; at most `max` return addresses, innermost first.
size_t taskleak_v1_walk_here(uintptr_t* pcs, size_t max);

// The stack of a thread that is blocked where `registers` were noted, up to `stack_high`.
// `still_there` is asked, after the stack was copied, whether it was blocked all the while: if not,
// nothing is returned.
size_t taskleak_v1_walk_blocked(const struct taskleak_v1_registers* registers, uintptr_t stack_high,
                                int (*still_there)(const void*), const void* argument,
                                uintptr_t* pcs, size_t max);

// Copies memory that may be gone; returns how many bytes there were.
size_t taskleak_v1_read_memory(uintptr_t address, void* out, size_t size);

#ifdef __cplusplus
}
#endif

#endif  // TASKLEAK_THREADS_WALK_H_
