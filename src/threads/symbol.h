// A symbol of the process that may not be there.
#ifndef TASKLEAK_THREADS_SYMBOL_H_
#define TASKLEAK_THREADS_SYMBOL_H_

#include <dlfcn.h>

// TASKLEAK_SYMBOL(name): its address; null: there is none. In a program that is linked statically,
// which has no loader to ask, what the linker found: that has to be one of these.
#if defined(TASKLEAK_STATIC)
#define TASKLEAK_WEAK_SYMBOL(name) \
  extern "C" __attribute__((weak)) char taskleak_weak_##name[] __asm__(#name);
TASKLEAK_WEAK_SYMBOL(_Unwind_Backtrace)
TASKLEAK_WEAK_SYMBOL(_Unwind_GetCFA)
TASKLEAK_WEAK_SYMBOL(_Unwind_GetIP)
TASKLEAK_WEAK_SYMBOL(_ZSt9terminatev)
TASKLEAK_WEAK_SYMBOL(__asan_init)
TASKLEAK_WEAK_SYMBOL(__cxa_current_exception_type)
TASKLEAK_WEAK_SYMBOL(__libc_stack_end)
TASKLEAK_WEAK_SYMBOL(__lsan_do_leak_check)
TASKLEAK_WEAK_SYMBOL(__sanitizer_get_allocated_begin)
TASKLEAK_WEAK_SYMBOL(__sanitizer_get_allocated_size)
TASKLEAK_WEAK_SYMBOL(__sanitizer_get_ownership)
TASKLEAK_WEAK_SYMBOL(__tsan_init)
TASKLEAK_WEAK_SYMBOL(taskleak_v1_threads)
#undef TASKLEAK_WEAK_SYMBOL
#define TASKLEAK_SYMBOL(name) static_cast<void*>(taskleak_weak_##name)
#else
#define TASKLEAK_SYMBOL(name) dlsym(RTLD_DEFAULT, #name)
#endif

#endif  // TASKLEAK_THREADS_SYMBOL_H_
