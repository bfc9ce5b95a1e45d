// One suspended flow of control, and the jump from one to another.
#ifndef TASKLEAK_RUNTIME_SIM_FIBER_H_
#define TASKLEAK_RUNTIME_SIM_FIBER_H_

#include <cxxabi.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstring>

#include "src/runtime/sanitizer.h"
#include "src/runtime/sim/stack_pool.h"

namespace taskleak::internal {

// What the C++ runtime knows of the exceptions in flight on a thread. A fiber that parks inside a
// catch block takes it along, or exceptions of different fibers would mix. The layout is the
// Itanium C++ ABI's (section 2.2.2).
struct ExceptionGlobals {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

inline ExceptionGlobals* ThreadExceptionGlobals() {
  return reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
}

struct Fiber {
  boost::context::detail::fcontext_t context =
      nullptr;  // Where it goes on; null: must be made anew.
  ExceptionGlobals exceptions;
  SanitizerStack sanitizer;
  Stack stack;
};

// To be called first thing on a stack that was jumped to: completes the jump of who came from
// there.
inline void Arrive(const boost::context::detail::transfer_t& from, Fiber& self) {
  if (from.data != nullptr) static_cast<Fiber*>(from.data)->context = from.fctx;
  ArriveOnStack(self.sanitizer);
}

// Suspends `from` and goes on in `to`; returns when somebody jumps back. `globals` are the
// thread's. About 5 ns.
__attribute__((always_inline)) inline void Jump(Fiber& from, Fiber& to, ExceptionGlobals* globals) {
  from.exceptions = *globals;
  *globals = to.exceptions;
  LeaveStack(&from.sanitizer, to.sanitizer, to.stack.low, to.stack.size());
  Arrive(boost::context::detail::jump_fcontext(to.context, &from), from);
}

// Goes on in `to` and never comes back.
[[noreturn]] inline void JumpAway(Fiber& to, ExceptionGlobals* globals) {
  *globals = to.exceptions;
  LeaveStack(nullptr, to.sanitizer, to.stack.low, to.stack.size());
  boost::context::detail::jump_fcontext(to.context, nullptr);
  __builtin_unreachable();
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_FIBER_H_
