// Which test of GoogleTest's is running, in programs that were built without a thought of us: what
// it starts is to be charged to it.
//
// It is known, in this order:
//  - from the program's symbols (its dynamic ones, else those of its file): GoogleTest is asked;
//  - from the "[ RUN      ]" lines that it writes, when it flushes them (of a stripped program);
//  - from --gtest_filter or GTEST_FILTER, when it names one test;
// else the process is charged.
//
// Only the first thread is taken to run tests: what the functions here keep is its own. Others may
// call them, to no effect.
#ifndef TASKLEAK_THREADS_PRELOAD_GTEST_H_
#define TASKLEAK_THREADS_PRELOAD_GTEST_H_

#include <stddef.h>

namespace taskleak::internal {

// To be called by a thread that is about to start another; GoogleTest is looked for at the first
// time, since most processes start none. On the first thread the scope of the test that runs is
// opened, and that of the one before closed: in SetUpTestSuite it is the suite's, outside of all
// none. Asks GoogleTest, which takes its lock: a listener that starts a thread within
// OnTestPartResult, where that lock is held, would wait for itself.
void EnterRunningTest();

// What the program has just written to standard output and is about to flush.
void ReadRunLines(const char* text, size_t size);

// Whether the program was called as a suite of GoogleTest's, and nothing has told which test ran.
bool TestsAreUnknown();

// Whether the word at `string` begins a std::string (of libstdc++, or of libc++) of printable
// characters; it is copied into `out`, cut to `size`. Reads nothing that is not mapped.
bool CopyStdString(const void* string, char* out, size_t size);

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_GTEST_H_
