#include "src/runtime/sim/watchdog.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

#include "src/runtime/describe.h"
#include "src/runtime/sim/simulator.h"

namespace taskleak::internal {
namespace {

std::atomic<Simulator*> g_running{nullptr};
std::atomic<std::int64_t> g_limit_ms{5000};

bool DebuggerAttached() {
  std::FILE* status = std::fopen("/proc/self/status", "r");
  if (status == nullptr) return false;
  char line[256];
  int tracer = 0;
  while (std::fgets(line, sizeof(line), status) != nullptr &&
         std::sscanf(line, "TracerPid: %d", &tracer) != 1) {
  }
  std::fclose(status);
  return tracer != 0;
}

// The run stands still, or spins: what it last wrote is read as it is. The process ends with this.
TASKLEAK_NO_SANITIZE void Report(const Simulator& simulator, std::int64_t limit_ms) {
  char name[128] = "no task";
  const SimTask* current = simulator.current();
  if (current != nullptr) DescribeTask(current->id, *current->record, name, sizeof(name));
  std::fprintf(stderr,
               "taskleak: no step for %.1f s: %s blocks its thread or spins without an operation "
               "(a real std::mutex held "
               "across an operation, a real sleep, a loop on a plain atomic?)",
               static_cast<double>(limit_ms) / 1000, name);
  if (current != nullptr && current->last_kind != OpKind::kNone && current->last_site) {
    const char* slash = std::strrchr(current->last_site.file, '/');
    std::fprintf(stderr, "; the last it did was %s at %s:%u", OpName(current->last_kind),
                 slash == nullptr ? current->last_site.file : slash + 1, current->last_site.line);
  }
  std::fprintf(
      stderr, ". Use taskleak's locks and Sleep in the body, or raise ExploreOptions::watchdog.\n");
  int listed = 0;
  for (const SimTask* task = simulator.first_live(); task != nullptr; task = task->live_next) {
    if (task == current) continue;
    if (++listed > 20) {
      std::fprintf(stderr, "  … and more\n");
      break;
    }
    DescribeTask(task->id, *task->record, name, sizeof(name));
    const char* slash = task->last_site ? std::strrchr(task->last_site.file, '/') : nullptr;
    std::fprintf(stderr, "  %s: %s %s", name,
                 task->state == SimTask::State::kBlocked ? "blocked in" : "after",
                 OpName(task->last_kind));
    if (task->last_site)
      std::fprintf(stderr, " at %s:%u", slash == nullptr ? task->last_site.file : slash + 1,
                   task->last_site.line);
    std::fprintf(stderr, "\n");
  }
  std::fflush(stderr);
}

void Watch() {
  pthread_setname_np(pthread_self(), "taskleak-dog");
  sigset_t all;  // Signals are for the program's own threads.
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::uint64_t seen = 0;
  std::int64_t still_ms = 0;
  constexpr std::int64_t kTick = 100;
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kTick));
    const Simulator* simulator = g_running.load(std::memory_order_acquire);
    const std::int64_t limit = g_limit_ms.load(std::memory_order_relaxed);
    const std::uint64_t progress = simulator == nullptr ? 0 : simulator->progress();
    if (simulator == nullptr || progress != seen || limit == 0) {
      seen = progress;
      still_ms = 0;
      continue;
    }
    still_ms += kTick;
    if (still_ms < limit || DebuggerAttached()) continue;
    Report(*simulator, limit);
    _exit(2);
  }
}

}  // namespace

void Watchdog::Enter(Simulator* simulator) {
  static std::once_flag once;
  std::call_once(once, [] { std::thread(Watch).detach(); });
  g_running.store(simulator, std::memory_order_release);
}

void Watchdog::Leave() { g_running.store(nullptr, std::memory_order_release); }

void Watchdog::SetLimit(std::chrono::milliseconds limit) { g_limit_ms.store(limit.count()); }

}  // namespace taskleak::internal
