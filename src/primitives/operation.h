// How the operations of locks and waits end. Channels and selects have outcomes of their own.
#ifndef TASKLEAK_PRIMITIVES_OPERATION_H_
#define TASKLEAK_PRIMITIVES_OPERATION_H_

#include "taskleak/internal/object.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

// The operation is done: `core` was used at `end` by the current task.
inline void Finish(Runtime* runtime, const Operation& op, Object& core, End end) {
  core.Used(end, t_state.task->id, op.site, runtime->steps);
  runtime->After(op, outcome::kDone);
}

// It broke a rule.
[[noreturn]] inline void Panicked(Runtime* runtime, const Operation& op, const char* sentence) {
  runtime->After(op, outcome::kPanicked);
  ThrowPanic(sentence, op.site);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_PRIMITIVES_OPERATION_H_
