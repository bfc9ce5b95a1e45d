// The specification: what one operation of one task does to a state. Written from Go's own texts
// and the design's section "Semantics", and sharing no code with the primitives.
//
// The sources: The Go Programming Language Specification ("Channel types", "Send statements",
// "Receive operator", "Select statements", "Close") and the documentation of Go's packages sync and
// context. Where these leave something open, the model takes what our headers promise:
//  - Waiters at a channel are served first in, first out.
//  - An operation happens all at once: a cancel ends the context and its children in one.
//  - A mutex's unlock wakes the longest waiter, which then tries again: somebody who comes by may
//    be faster, and it then waits in front of the others. Likewise for the writers of an RWMutex.
//  - A select that waits with several cases at one end of a channel decides as it begins to wait
//    which of them is in front, to be served; at a close, receives come before sends.
//  - A panic changes nothing but its task.
#ifndef TASKLEAK_PRIMITIVES_MODEL_RULES_H_
#define TASKLEAK_PRIMITIVES_MODEL_RULES_H_

#include "src/primitives/model/outcome.h"
#include "src/primitives/model/program.h"
#include "src/primitives/model/state.h"

namespace taskleak::model {

// The operation in front of a task that has not ended, or in which it waits.
inline const Op& NextOp(const Program& program, const State& state, int task) {
  return program.tasks[task][state.outcome[task].count];
}
// Among which cases of its next operation the task has a choice, bit i for case i: those that can
// proceed at once; or, if it will wait, those of which only the one in front will be served. 0: it
// has none.
unsigned Choices(const Program& program, const State& state, int task);

// Applies the rules to a state of a program. Both must outlive it.
class Rules {
 public:
  Rules(const Program& program, State* state) : program_(program), state_(*state) {}

  // The task does its next operation: it completes it, or waits, or panics. `chosen` is one of its
  // choices, 0 if it has none.
  void Act(int task, int chosen);

 private:
  // channel_rules.cc
  void Communicate(int task, const Op& op, int chosen);
  Result Commit(const Case& c);
  void Serve(Place place, Result value);
  void LeaveLines(int task);
  void Close(int task, int channel);
  void CloseForAll(int channel);
  void Cancel(int context);

  // lock_rules.cc
  void ActOnRWMutex(int task, OpKind kind, RWMutexState& rw);
  void ActOnMutex(int task, OpKind kind);
  void ActOnWaitGroup(int task, const Op& op);
  void WaitIn(Line<kMaxTasks>& line, int task);
  void Wake(Line<kMaxTasks>& line);

  void Complete(int task, Result result);
  void Panic(int task, Fate fate);

  const Program& program_;
  State& state_;
};

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_RULES_H_
