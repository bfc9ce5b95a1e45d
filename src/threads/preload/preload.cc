// What makes libtaskleak_preload.so useful by itself, in programs that never heard of taskleak: it
// judges at the end of the process, where it is stuck for ever, when a deadline is near, and on
// SIGTERM. options.h says what the environment may ask for.
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/threads/preload/gtest.h"
#include "src/threads/preload/options.h"
#include "src/threads/preload/reporting.h"
#include "src/threads/preload/seen.h"
#include "src/threads/preload/watch.h"
#include "src/threads/symbol.h"
#include "src/threads/tracking.h"

namespace taskleak::internal {
namespace {

// Whether this process ever had a thread that may be left: the answer for most is no, and costs
// nothing.
bool Alone() {
  int tids[2];
  return taskleak_v1_proc_threads(tids, 2) == 1;
}

constinit int g_at_exit = 0;

void AtExit(int status, void*) {
  __atomic_store_n(&g_at_exit, 1, __ATOMIC_RELEASE);
  Counts counts;
  if (!Alone()) {
    StopWatching();
    while (!BeginReport())  // The watch is at it: it ends the process, or comes to an end.
      taskleak_v1_pause(1'000'000);
    counts = Report(When::kAtExit, "the process ends", false);
  }
  if (Silent()) return;
  if (g_options.report_directory != nullptr)
    FinishSeen(g_options.report_directory, status, End::kJudged);
  if (counts.AtLeast(g_options.fail_on) == 0 || status != 0 || g_options.exit_code == 0) return;
  fflush(nullptr);
  // It ends the process with a code of its own where it finds something.
  if (void* check = TASKLEAK_SYMBOL(__lsan_do_leak_check); check != nullptr)
    reinterpret_cast<void (*)()>(check)();
  _exit(g_options.exit_code);
}

// Whether std::terminate is under way and no exception is: so ends the destructor of a thread that
// was not joined, after an early return for instance. An assertion that aborts does not pass there,
// and what its threads are blocked in is beside the point.
bool InTheDestructorOfAThread() {
  const auto terminate = reinterpret_cast<uintptr_t>(TASKLEAK_SYMBOL(_ZSt9terminatev));
  const auto exception =
      reinterpret_cast<const void* (*)()>(TASKLEAK_SYMBOL(__cxa_current_exception_type));
  if (terminate == 0 || exception == nullptr || exception() != nullptr) return false;
  constexpr uintptr_t kSize = 64;  // It only asks for the handler, and calls it.
  uintptr_t pcs[32];
  const size_t count = taskleak_v1_walk_here(pcs, 32);
  for (size_t i = 0; i < count; ++i)
    if (pcs[i] - terminate < kSize) return true;
  return false;
}

void Terminate(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  if (BeginReport()) {
    if (signal == SIGTERM) {
      Report(When::kRunning, "SIGTERM", true);
    } else if (InTheDestructorOfAThread()) {
      Report(When::kAtExit, "a thread was destroyed that was not joined", false);
    }
  }
  raise(signal);
}

void Answer(int signal) {
  struct sigaction action = {};
  if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action = {};
  action.sa_handler = &Terminate;
  sigaction(signal, &action, nullptr);
}

// A sanitizer's pthread_create, under way around ours, is not to be entered a second time: the
// watch starts with the process under AddressSanitizer. Under ThreadSanitizer, whose children of a
// fork may start no thread where their parent had one, it starts for a deadline only.
bool WithAsan() { return TASKLEAK_SYMBOL(__asan_init) != nullptr; }
bool WithTsan() { return TASKLEAK_SYMBOL(__tsan_init) != nullptr; }

// Only a process that has threads can be stuck for the sake of one.
void OnCreate() {
  if (TrackingThreads().forked() != 0) return;
  if (!WithAsan() && !WithTsan()) StartWatching();
  EnterRunningTest();
}

__attribute__((constructor(102))) void Begin() {
  g_options = ReadOptions();
  // Registered before every handler of the program's and run after them: static destructors have
  // had their turn. on_exit, unlike atexit, tells the exit code, and belongs to no library, whose
  // own end would run it too soon.
  on_exit(&AtExit, nullptr);
  if (g_options.report_directory != nullptr && !Silent()) WriteSeen(g_options.report_directory);
  Answer(SIGTERM);
  Answer(SIGABRT);
  TrackingThreads().on_create(&OnCreate);
  if (g_options.deadline != 0 || WithAsan()) StartWatching();
}

}  // namespace

#if defined(TASKLEAK_PRELOAD)
// Of a process of its own program: that of a fork says nothing. Every process of a shell's ends so,
// and must not look like one that was killed.
void NoteEndWithoutExit(int status) {
  if (g_options.report_directory == nullptr || Silent()) return;
  if (__atomic_load_n(&g_at_exit, __ATOMIC_ACQUIRE) != 0) return;
  FinishSeen(g_options.report_directory, status, Alone() ? End::kAloneByExit : End::kLeftByExit);
}
#endif

}  // namespace taskleak::internal

#if defined(TASKLEAK_PRELOAD)
extern "C" __attribute__((visibility("default"), noreturn)) void _exit(int status) {
  taskleak::internal::NoteEndWithoutExit(status);
  for (;;) syscall(SYS_exit_group, status);
}

// The code that a program asks for before its destructors hang.
extern "C" __attribute__((visibility("default"), noreturn)) void exit(int status) noexcept {
  static const auto real = reinterpret_cast<void (*)(int)>(dlsym(RTLD_NEXT, "exit"));
  taskleak::internal::NoteExitCode(status);
  real(status);
  __builtin_unreachable();
}

extern "C" __attribute__((visibility("default"), noreturn)) void _Exit(int status) noexcept {
  _exit(status);
}

// Not one of the table's calls: it only reads what a suite of GoogleTest's says of itself, where
// it has no symbols.
TASKLEAK_EXPORT int fflush(FILE* file) {
  static const auto real = reinterpret_cast<int (*)(FILE*)>(dlsym(RTLD_NEXT, "fflush"));
  if (file == stdout && stdout != nullptr) {
    flockfile(file);
    const char* const begin = file->_IO_write_base;
    if (begin != nullptr && file->_IO_write_ptr > begin)
      taskleak::internal::ReadRunLines(begin, static_cast<size_t>(file->_IO_write_ptr - begin));
    funlockfile(file);
  }
  return real(file);
}
#endif
