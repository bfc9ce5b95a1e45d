// Names the task whose stack ran into its guard page.
#ifndef TASKLEAK_RUNTIME_SIM_OVERFLOW_H_
#define TASKLEAK_RUNTIME_SIM_OVERFLOW_H_

namespace taskleak::internal {

// Gives the calling OS thread a stack of its own for signals, and the process a handler of SIGSEGV
// and SIGBUS that says which task overflowed and ends the process with exit code 2; any other fault
// goes on to who handled it before. Cheap after the first call.
void HandleOverflowOnThisThread();

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_OVERFLOW_H_
