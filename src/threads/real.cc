#include "src/threads/real.h"

#include <dlfcn.h>

// The form of interposition that works with both compilers, plain and sanitized: a strong
// definition in the executable that calls the weak __interceptor_X if there is one. The preload
// must not: an interceptor in the executable comes before it, and calls it.
#if defined(TASKLEAK_STATIC)
// No sanitizer links statically; the linker gives what it wraps another name.
#define TASKLEAK_REAL_NAME(name, version) extern "C" decltype(::name) __real_##name;
TASKLEAK_WRAPPED_CALLS(TASKLEAK_REAL_NAME)
#undef TASKLEAK_REAL_NAME
#elif !defined(TASKLEAK_PRELOAD)
#define TASKLEAK_WEAK(name, version) \
  extern "C" __attribute__((weak)) decltype(::name) __interceptor_##name;
TASKLEAK_WRAPPED_CALLS(TASKLEAK_WEAK)
TASKLEAK_TRY_CALLS(TASKLEAK_WEAK)
#undef TASKLEAK_WEAK
#define TASKLEAK_INTERCEPTOR(name) (&__interceptor_##name)
#else
#define TASKLEAK_INTERCEPTOR(name) (static_cast<decltype(&::name)>(nullptr))
#endif

namespace taskleak::internal {

constinit RealCalls g_real = {};

#if defined(TASKLEAK_STATIC)

void FindRealCalls() {
#define TASKLEAK_FIND(name, version) \
  __atomic_store_n(&g_real.name, &__real_##name, __ATOMIC_RELEASE);
  TASKLEAK_WRAPPED_CALLS(TASKLEAK_FIND)
#undef TASKLEAK_FIND
#define TASKLEAK_FIND(name, version) __atomic_store_n(&g_real.name, &::name, __ATOMIC_RELEASE);
  TASKLEAK_TRY_CALLS(TASKLEAK_FIND)
#undef TASKLEAK_FIND
}

#else

namespace {

template <class F>
void FindPlain(F*& slot, F* interceptor, const char* name, const char* version) {
  if (slot != nullptr) return;
  void* found = reinterpret_cast<void*>(interceptor);
  if (found == nullptr && version[0] != '\0') found = dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  __atomic_store_n(&slot, reinterpret_cast<F*>(found), __ATOMIC_RELEASE);
}

// A sanitizer's shared library that comes after us (gcc's, under the preload).
template <class F>
void FindLaterInterceptor(F*& slot, const char* name) {
  if (void* found = dlsym(RTLD_NEXT, name); found != nullptr)
    __atomic_store_n(&slot, reinterpret_cast<F*>(found), __ATOMIC_RELEASE);
}

}  // namespace

void FindRealCalls() {
#define TASKLEAK_FIND(name, version) \
  FindPlain(g_real.name, TASKLEAK_INTERCEPTOR(name), #name, version);
  // What others may call while we look, first.
  TASKLEAK_TRY_CALLS(TASKLEAK_FIND)
  TASKLEAK_LOCK_CALLS(TASKLEAK_FIND)
  TASKLEAK_SYSTEM_CALLS(TASKLEAK_FIND)
  TASKLEAK_THREAD_CALLS(TASKLEAK_FIND)
#undef TASKLEAK_FIND
  g_real.sanitized = TASKLEAK_INTERCEPTOR(pthread_create) != nullptr;
#if defined(TASKLEAK_PRELOAD)
  // The search below fails by an allocated message for each name: only where it is worth it.
  if (dlsym(RTLD_NEXT, "__interceptor_pthread_create") == nullptr) return;
  g_real.sanitized = true;
#define TASKLEAK_FIND(name, version) FindLaterInterceptor(g_real.name, "__interceptor_" #name);
  TASKLEAK_TRY_CALLS(TASKLEAK_FIND)
  TASKLEAK_WRAPPED_CALLS(TASKLEAK_FIND)
#undef TASKLEAK_FIND
#endif
}

#endif  // TASKLEAK_STATIC

}  // namespace taskleak::internal
