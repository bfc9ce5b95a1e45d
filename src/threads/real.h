// The functions behind the wrapped ones: a sanitizer's interceptor where there is one, else the C
// library's.
//
// Any thread may call this at any time, also before any constructor has run and within the very
// search for them: dlsym may lock or allocate, and so come back here.
#ifndef TASKLEAK_THREADS_REAL_H_
#define TASKLEAK_THREADS_REAL_H_

#include "src/threads/calls.h"

namespace taskleak::internal {

struct RealCalls {
#define TASKLEAK_MEMBER(name, version) decltype(&::name) name;
  TASKLEAK_WRAPPED_CALLS(TASKLEAK_MEMBER)
  TASKLEAK_TRY_CALLS(TASKLEAK_MEMBER)
#undef TASKLEAK_MEMBER
  // A sanitizer sees every call: it learns from a lock what it does not from a try, so nothing is
  // tried first.
  bool sanitized;
};
extern RealCalls g_real;

// Finds them. Idempotent.
void FindRealCalls();

// Of a wrapped call: what it stands for.
#define TASKLEAK_REAL(name)                                                         \
  (__builtin_expect(::taskleak::internal::g_real.name == nullptr, 0)                \
       ? (::taskleak::internal::FindRealCalls(), ::taskleak::internal::g_real.name) \
       : ::taskleak::internal::g_real.name)

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_REAL_H_
