// What makes libtaskleak_preload.so useful by itself, in programs that never heard of taskleak: it
// judges at the end of the process, when a deadline is near, and on SIGTERM.
//
//   TASKLEAK_DEADLINE=60     seconds. At nine tenths of it everybody who is blocked is reported. A
//                            process that is proven to be stuck before is reported and ended.
//   TASKLEAK_REPORT_DIR=dir  the report as JSON too, in dir/taskleak-PID.json; that the process was
//                            there, and how it ended, in dir/taskleak-PID.seen.
//   TASKLEAK_EXIT_CODE=90    what a proven leak turns an exit code of 0, and no other, into; 0: it
//                            never changes one. A process that is stuck has none of its own: one
//                            that is ended for it exits with this, or with 90.
//   TASKLEAK_TEXT=0          no text where the report went to a file.
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include <cstring>

#include "src/threads/preload/report.h"
#include "src/threads/preload/seen.h"
#include "src/threads/tracking.h"

namespace taskleak::internal {
namespace {

constexpr int kExitCode = 90;

constinit int g_exit_code = kExitCode;
constinit bool g_text = true;
const char* g_report_directory = nullptr;
int64_t g_deadline = 0;  // Nanoseconds; 0: none.
constinit int g_at_exit = 0;
constinit int g_reported = 0;

// Reports whoever is stuck; returns how many are proven to be. In the child of a fork nothing is
// written to what it shares with its parent.
size_t Report(When when, const char* reason, bool always) {
  const Judgement judgement(when);
  const size_t proven = judgement.Count(Verdict::kProven);
  const bool any = proven + judgement.Count(Verdict::kSuspect) + judgement.Count(Verdict::kIdle);
  if (!any && !always) return 0;
  bool filed = false;
  if (g_report_directory != nullptr) {
    Out json;
    WriteJson(judgement, reason, &json);
    filed = WriteReportFile(g_report_directory, json);
  }
  if (any && judgement.threads().forked() == 0 && (g_text || !filed)) {
    Out text;
    WriteText(judgement, reason, &text);
    text.WriteTo(STDERR_FILENO);
  }
  return proven;
}

// Whether this process ever had a thread that may be left: the answer for most is no, and costs
// nothing.
bool Alone() {
  int tids[2];
  return taskleak_v1_proc_threads(tids, 2) == 1;
}

void AtExit(int status, void*) {
  __atomic_store_n(&g_at_exit, 1, __ATOMIC_RELEASE);
  size_t proven = 0;
  if (!Alone() && __atomic_exchange_n(&g_reported, 1, __ATOMIC_ACQ_REL) == 0)
    proven = Report(When::kAtExit, "the process ends", false);
  if (TrackingThreads().forked() != 0) return;
  if (g_report_directory != nullptr) FinishSeen(g_report_directory, status, End::kJudged);
  if (proven == 0 || status != 0 || g_exit_code == 0) return;
  fflush(nullptr);
  // It ends the process with a code of its own where it finds something.
  if (void* check = dlsym(RTLD_DEFAULT, "__lsan_do_leak_check"); check != nullptr)
    reinterpret_cast<void (*)()>(check)();
  _exit(g_exit_code);
}

void Terminate(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  if (__atomic_exchange_n(&g_reported, 1, __ATOMIC_ACQ_REL) == 0)
    Report(When::kRunning, "SIGTERM", true);
  raise(signal);
}

void Sleep(int64_t nanoseconds) {
  timespec span{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  // Raw: a wait of ours is nobody's.
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &span, nullptr);
}

// Its own thread. Looks now and then whether the first thread stands still for ever; a process that
// works costs one look at one file each time.
void* Watch(void*) {
  constexpr int64_t kBetween = 200'000'000;
  const int64_t start = taskleak_v1_monotonic();
  const int64_t until = start + g_deadline / 10 * 9;
  taskleak_v1_proc before{};
  for (;;) {
    const int64_t left = until - taskleak_v1_monotonic();
    if (left <= 0) break;
    Sleep(left < kBetween ? left : kBetween);
    if (__atomic_load_n(&g_at_exit, __ATOMIC_ACQUIRE) != 0) return nullptr;
    taskleak_v1_proc now;
    taskleak_v1_proc_read(getpid(), &now);
    const bool still = now.running == 0 && now.switches == before.switches &&
                       now.cpu_ns == before.cpu_ns && now.system_call == before.system_call;
    before = now;
    if (!still || now.system_call != SYS_futex) continue;
    bool stuck = false;
    {
      const Judgement judgement(When::kRunning);
      for (size_t i = 0; i < judgement.size() && !stuck; ++i)
        stuck =
            judgement.look(i).thread.tid == getpid() && judgement.verdict(i) == Verdict::kProven;
    }
    if (!stuck || __atomic_exchange_n(&g_reported, 1, __ATOMIC_ACQ_REL) != 0) continue;
    if (Report(When::kRunning, "the process is stuck for ever", true) != 0) {
      const int code = g_exit_code != 0 ? g_exit_code : kExitCode;
      if (g_report_directory != nullptr) FinishSeen(g_report_directory, code, End::kJudged);
      _exit(code);
    }
    __atomic_store_n(&g_reported, 0, __ATOMIC_RELEASE);
  }
  if (__atomic_exchange_n(&g_reported, 1, __ATOMIC_ACQ_REL) == 0) {
    Report(When::kRunning, "nine tenths of TASKLEAK_DEADLINE have passed", true);
    __atomic_store_n(&g_reported, 0, __ATOMIC_RELEASE);  // It may still end by itself.
  }
  return nullptr;
}

void StartWatching() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // The user's signals are the user's threads'.
  // As anybody would: a sanitizer in the executable must know every thread that comes across it.
  if (pthread_create(&thread, &attributes, &Watch, nullptr) == 0)
    pthread_setname_np(thread, "taskleak-watch");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
}

void Complain(const char* variable, const char* value, const char* mend) {
  Out out;
  out.Text("taskleak: ").Text(variable).Text(" is ").Quoted(value).Text(mend);
  out.WriteTo(STDERR_FILENO);
}

void ReadExitCode() {
  const char* text = getenv("TASKLEAK_EXIT_CODE");
  if (text == nullptr || text[0] == '\0') return;
  char* end = nullptr;
  const long code = strtol(text, &end, 10);
  if (*end == '\0' && code >= 0 && code <= 255) {
    g_exit_code = static_cast<int>(code);
  } else {
    Complain("TASKLEAK_EXIT_CODE", text,
             ", which is no exit code; set it to a number from 0 (never change one) to 255.\n");
  }
}

// "60", "2.5", "60s". 0: no such number.
int64_t ParseSeconds(const char* text) {
  char* end = nullptr;
  const double seconds = strtod(text, &end);
  if (end == text || (*end != '\0' && strcmp(end, "s") != 0)) return 0;
  return seconds > 0 && seconds < 1e9 ? static_cast<int64_t>(seconds * 1e9) : 0;
}

__attribute__((constructor(102))) void Begin() {
  // Registered before every handler of the program's and run after them: static destructors have
  // had their turn. on_exit, unlike atexit, tells the exit code, and belongs to no library, whose
  // own end would run it too soon.
  on_exit(&AtExit, nullptr);
  if (const char* directory = getenv("TASKLEAK_REPORT_DIR");
      directory != nullptr && directory[0] != '\0')
    g_report_directory = strdup(directory);
  if (g_report_directory != nullptr) WriteSeen(g_report_directory);
  const char* text = getenv("TASKLEAK_TEXT");
  g_text = text == nullptr || strcmp(text, "0") != 0;
  ReadExitCode();
  struct sigaction action = {};
  if (sigaction(SIGTERM, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    action = {};
    action.sa_handler = &Terminate;
    sigaction(SIGTERM, &action, nullptr);
  }
  const char* deadline = getenv("TASKLEAK_DEADLINE");
  if (deadline == nullptr || deadline[0] == '\0') return;
  g_deadline = ParseSeconds(deadline);
  if (g_deadline != 0) {
    StartWatching();
    return;
  }
  Complain("TASKLEAK_DEADLINE", deadline,
           ", which is no number of seconds; set it to one such as 60 or 2.5.\n");
}

}  // namespace

#if defined(TASKLEAK_PRELOAD)
// Of a process of its own program: that of a fork says nothing. Every process of a shell's ends so,
// and must not look like one that was killed.
void NoteEndWithoutExit(int status) {
  if (g_report_directory == nullptr || TrackingThreads().forked() != 0) return;
  if (__atomic_load_n(&g_at_exit, __ATOMIC_ACQUIRE) != 0) return;
  FinishSeen(g_report_directory, status, Alone() ? End::kAloneByExit : End::kLeftByExit);
}
#endif

}  // namespace taskleak::internal

#if defined(TASKLEAK_PRELOAD)
extern "C" __attribute__((visibility("default"), noreturn)) void _exit(int status) {
  taskleak::internal::NoteEndWithoutExit(status);
  for (;;) syscall(SYS_exit_group, status);
}

extern "C" __attribute__((visibility("default"), noreturn)) void _Exit(int status) noexcept {
  _exit(status);
}
#endif
