// One report at a time, whoever asks for it: the end of the process, its watch, a signal.
#ifndef TASKLEAK_THREADS_PRELOAD_REPORTING_H_
#define TASKLEAK_THREADS_PRELOAD_REPORTING_H_

#include <stddef.h>

#include "src/threads/preload/judge.h"

namespace taskleak::internal {

// False: somebody else is at it. Any thread, also in a signal handler.
bool BeginReport();
void EndReport();

struct Counts {
  size_t proven = 0;
  size_t suspect = 0;
  size_t idle = 0;

  // Of those with that verdict or a surer one.
  size_t AtLeast(ThreadVerdict verdict) const {
    return proven + (verdict <= ThreadVerdict::kSuspect ? suspect : 0) +
           (verdict <= ThreadVerdict::kIdle ? idle : 0);
  }
};

// Whether this process is the child of a fork or of a death test: what it writes goes where its
// parent's does, and how it exits is its parent's to judge.
bool Silent();

// Judges, and writes what is asked for; the text only if anybody is stuck. `reason` ends the
// sentence "N threads never ended (…". With `always`, the JSON is written where nobody is, too.
// Where the process is to be silent, it only judges.
// Between BeginReport and EndReport.
Counts Report(When when, const char* reason, bool always);

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_REPORTING_H_
