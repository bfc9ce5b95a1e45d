// What the environment asks of a judge at exit, read once at the process's start.
//
//   TASKLEAK_DEADLINE=60     seconds: near it everybody who is blocked is reported (watch.h).
//   Without
//                            it TEST_TIMEOUT, which Bazel sets.
//   TASKLEAK_REPORT_DIR=dir  the report as JSON too, in dir/taskleak-PID.json; that the process was
//                            there, and how it ended, in dir/taskleak-PID.seen.
//   TASKLEAK_TEXT=0          no text where the report went to a file.
//   TASKLEAK_FAIL_ON=suspect what turns an exit code of 0 into 90 at the end of the process: a
//                            thread whose verdict is this one or a surer one. Without it: suspect.
//   TASKLEAK_EXIT_CODE=90    the code that it turns into; 0: the code stays, and only the report
//                            tells. One that is ended because it is stuck for ever has no code of
//                            its own, and exits with this one, or with 90.
//
// Written by the constructor alone, before any thread of ours runs.
#ifndef TASKLEAK_THREADS_PRELOAD_OPTIONS_H_
#define TASKLEAK_THREADS_PRELOAD_OPTIONS_H_

#include <stdint.h>

#include "src/threads/preload/judge.h"

namespace taskleak::internal {

struct Options {
  int64_t deadline = 0;                    // Nanoseconds; 0: none.
  const char* report_directory = nullptr;  // Null: none.
  bool text = true;
  ThreadVerdict fail_on = ThreadVerdict::kSuspect;
  int exit_code = 90;
  // A child of a death test of GoogleTest's, in the style that starts the program anew: what it
  // writes and how it exits is what is tested.
  bool death_test = false;
};

// Says in a sentence each, on standard error, what is wrong with a value, and takes the default.
Options ReadOptions();

extern Options g_options;

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_OPTIONS_H_
