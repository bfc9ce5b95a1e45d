#include "src/threads/preload/watch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/threads/preload/options.h"
#include "src/threads/preload/reporting.h"
#include "src/threads/preload/seen.h"

namespace taskleak::internal {
namespace {

constexpr int kHangExitCode = 90;

constinit int g_started = 0;
constinit int g_stopped = 0;
constinit int g_exit_code = -1;  // It has not called exit.

// Whether the first thread waits, and is proven to wait for ever.
bool ProvenStuck() {
  const Judgement judgement(When::kRunning);
  for (size_t i = 0; i < judgement.size(); ++i)
    if (judgement.look(i).thread.tid == getpid())
      return judgement.verdict(i) == ThreadVerdict::kProven;
  return false;
}

// A process that works costs one look at three small files each time.
void* Watch(void*) {
  constexpr int64_t kBetween = 200'000'000;
  const int64_t near =
      g_options.deadline != 0 ? taskleak_v1_monotonic() + g_options.deadline / 10 * 9 : INT64_MAX;
  bool said = false;
  taskleak_v1_proc before{};
  for (;;) {
    const int64_t left = said ? kBetween : near - taskleak_v1_monotonic();
    if (left > 0) taskleak_v1_pause(left < kBetween ? left : kBetween);
    if (__atomic_load_n(&g_stopped, __ATOMIC_ACQUIRE) != 0) return nullptr;
    if (!said && taskleak_v1_monotonic() >= near) {
      said = true;  // And goes on: the process may still end by itself, or be found stuck.
      if (BeginReport()) {
        Report(When::kRunning, "nine tenths of the time that it has have passed", true);
        EndReport();
      }
    }
    taskleak_v1_proc now;
    taskleak_v1_proc_read(getpid(), &now);
    const bool still = now.running == 0 && now.switches == before.switches &&
                       now.cpu_ns == before.cpu_ns && now.system_call == before.system_call;
    before = now;
    if (!still || now.system_call != SYS_futex || !ProvenStuck() || !BeginReport()) continue;
    if (Report(When::kRunning, "the process is stuck for ever", true).proven != 0) {
      const int asked = __atomic_load_n(&g_exit_code, __ATOMIC_ACQUIRE);
      const int code = asked > 0 || (asked == 0 && Silent()) ? asked
                       : g_options.exit_code != 0            ? g_options.exit_code
                                                             : kHangExitCode;
      if (g_options.report_directory != nullptr && !Silent())
        FinishSeen(g_options.report_directory, code, End::kJudged);
      _exit(code);
    }
    EndReport();
  }
}

}  // namespace

void StartWatching() {
  if (__atomic_exchange_n(&g_started, 1, __ATOMIC_ACQ_REL) != 0) return;
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

void NoteExitCode(int status) { __atomic_store_n(&g_exit_code, status & 255, __ATOMIC_RELEASE); }

void StopWatching() { __atomic_store_n(&g_stopped, 1, __ATOMIC_RELEASE); }

}  // namespace taskleak::internal
