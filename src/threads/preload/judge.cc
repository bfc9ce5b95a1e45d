#include "src/threads/preload/judge.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "src/threads/preload/reach.h"
#include "src/threads/symbol.h"

namespace taskleak::internal {
namespace {

constexpr size_t kMost = 1 << 16;
constexpr int64_t kMillisecond = 1'000'000;

template <class T>
T* Reserve() {
  void* memory = mmap(nullptr, kMost * sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<T*>(memory);
}

// By what the table knows, and not by the kernel's name for it, which a thread inherits from
// whoever started it: a user's thread that a task on the pool starts is not ours.
bool Ours(const taskleak_v1_look& look) {
  return (look.thread.flags & taskleak_v1_thread_ours) != 0;
}

// The thread that the C library keeps for timers (SIGEV_THREAD): it waits for signal 32 alone.
bool ServesTimers(const taskleak_v1_look& look) {
  if ((look.thread.flags & taskleak_v1_thread_unknown) == 0 ||
      look.proc.system_call != SYS_rt_sigtimedwait)
    return false;
  uint64_t signals = 0;
  taskleak_v1_read_memory(look.proc.arguments[0], &signals, sizeof(signals));
  return signals == uint64_t{1} << (32 - 1);
}

bool Ended(const taskleak_v1_look& look) {
  return (look.thread.flags & taskleak_v1_thread_ended) != 0 ||
         (look.proc.alive == 0 && look.thread.tid != 0);
}

// Only another thread of the process ends such a wait.
bool WithinTheProcess(int kind) {
  switch (kind) {
    case taskleak_v1_wait_cond:
    case taskleak_v1_wait_cond_destroy:
    case taskleak_v1_wait_mutex:
    case taskleak_v1_wait_rdlock:
    case taskleak_v1_wait_wrlock:
    case taskleak_v1_wait_semaphore:
    case taskleak_v1_wait_barrier:
    case taskleak_v1_wait_join:
    case taskleak_v1_wait_futex:
      return true;
    default:
      return false;
  }
}

// What a thread waits at for work; a lock or another thread's end is no work.
bool MayBeIdle(int kind) {
  return kind == taskleak_v1_wait_cond || kind == taskleak_v1_wait_semaphore ||
         kind == taskleak_v1_wait_futex;
}

// Of /proc/self/status: the signals that have a handler, as a mask with bit 0 for signal 1. All, if
// it cannot be read.
uint64_t CaughtSignals() {
  char text[4096];
  const long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (file < 0) return ~uint64_t{0};
  const long got = syscall(SYS_read, file, text, sizeof(text) - 1);
  syscall(SYS_close, file);
  if (got <= 0) return ~uint64_t{0};
  text[got] = '\0';
  const char* at = strstr(text, "SigCgt:");
  if (at == nullptr) return ~uint64_t{0};
  uint64_t mask = 0;
  for (at += 7; *at == '\t' || *at == ' ';) ++at;
  for (; *at != '\n' && *at != '\0'; ++at)
    mask = mask * 16 + static_cast<uint64_t>(*at <= '9' ? *at - '0' : *at - 'a' + 10);
  return mask;
}

bool ThreadSanitizerIsThere() {
  static const bool there = TASKLEAK_SYMBOL(__tsan_init) != nullptr;
  return there;
}

// A handler of one of these could post a semaphore; not those of a fault of the thread itself, of
// the C library (32, 33) or of ours.
bool ASignalCouldWakeThem() {
  uint64_t caught = CaughtSignals();
  constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGTERM, 32, 33};
  for (const int fault : kFaults) caught &= ~(uint64_t{1} << (fault - 1));
  return caught != 0;
}

// It has not been on a processor in between.
bool InTheSameWait(const taskleak_v1_look& before, const taskleak_v1_look& after) {
  return before.thread.wait.version == after.thread.wait.version &&
         before.proc.switches == after.proc.switches && before.proc.cpu_ns == after.proc.cpu_ns &&
         before.kind == after.kind && before.address == after.address;
}

}  // namespace

const char* ToString(ThreadVerdict verdict) {
  switch (verdict) {
    case ThreadVerdict::kNone:
      return "none";
    case ThreadVerdict::kIdle:
      return "idle";
    case ThreadVerdict::kSuspect:
      return "suspect";
    case ThreadVerdict::kProven:
      return "proven";
  }
  return "none";
}

const taskleak_v1_threads_interface& TrackingThreads() {
  using Threads = const taskleak_v1_threads_interface* (*)();
  const auto first = reinterpret_cast<Threads>(TASKLEAK_SYMBOL(taskleak_v1_threads));
  return first != nullptr ? *first() : *taskleak_v1_threads_here();
}

Judgement::Judgement(When when) : threads_(TrackingThreads()) {
  looks_ = Reserve<taskleak_v1_look>();
  again_ = Reserve<taskleak_v1_look>();
  verdicts_ = Reserve<ThreadVerdict>();
  excluded_ = Reserve<Excluded>();
  if (looks_ == nullptr || again_ == nullptr || verdicts_ == nullptr || excluded_ == nullptr)
    return;
  constexpr int kTries = 20;
  bool still = false;
  for (int i = 0; i < kTries && !still; ++i) {
    if (i != 0) taskleak_v1_pause(kMillisecond);
    const bool any = Collect(when);
    still = Settled() && (!any || StoodStill());
    if (still && !any && (when == When::kRunning || !AnybodyRuns())) return;
  }
  const bool proven = (still && NobodyCanWakeThem(when)) || (when == When::kAtExit && Linger(when));
  Exclude();
  const int first = getpid();
  for (size_t i = 0; i < count_; ++i) {
    if (verdicts_[i] != ThreadVerdict::kSuspect) continue;
    // The first thread serves nobody: it is stuck where it stands.
    Reach reach = Reach::kNo;
    if (looks_[i].thread.tid != first && MayBeIdle(looks_[i].kind))
      reach = FindFromModules(maps_, excluded_, excluded_count_, looks_[i].address);
    if (reach == Reach::kYes) {
      verdicts_[i] = ThreadVerdict::kIdle;
    } else if (proven && reach == Reach::kNo) {
      verdicts_[i] = ThreadVerdict::kProven;
    }
  }
}

// At the end of a process, where nothing is proven yet: threads that still do something, or may be
// woken, are given time to come to their end, 400 ms as goleak does. Whether it is proven now; else
// only those that stood still for the last quarter of it are left as suspects.
bool Judgement::Linger(When when) {
  constexpr int kFirst = 300;
  constexpr int kLast = 100;
  for (int waited = 0, pause = 1; waited < kFirst; waited += pause, pause += pause / 2 + 1) {
    taskleak_v1_pause(pause * kMillisecond);
    const bool any = Collect(when);
    if (!Settled() || AnybodyRuns() || (any && !StoodStill())) continue;
    if (!any || NobodyCanWakeThem(when)) return any;
  }
  const size_t before = threads_.look(again_, kMost);
  taskleak_v1_pause(kLast * kMillisecond);
  Collect(when);
  for (size_t i = 0; i < count_; ++i) {
    if (verdicts_[i] != ThreadVerdict::kSuspect) continue;
    bool stood = false;
    for (size_t k = 0; k < before && k < kMost && !stood; ++k)
      stood = again_[k].thread.tid == looks_[i].thread.tid && InTheSameWait(again_[k], looks_[i]);
    if (!stood) verdicts_[i] = ThreadVerdict::kNone;
  }
  return false;
}

// One look; whether anybody is blocked without a time limit.
bool Judgement::Collect(When when) {
  count_ = threads_.look(looks_, kMost);
  if (count_ > kMost) count_ = kMost;
  const int self = static_cast<int>(syscall(SYS_gettid));
  const int first = getpid();
  bool any = false;
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_look& look = looks_[i];
    const bool stuck = look.thread.tid != self && !Ours(look) && !Ended(look) && look.timed == 0 &&
                       look.kind != taskleak_v1_wait_none && !ServesTimers(look) &&
                       (when == When::kRunning || look.thread.tid != first);
    verdicts_[i] = stuck ? ThreadVerdict::kSuspect : ThreadVerdict::kNone;
    any = any || stuck;
  }
  return any;
}

// Nobody is on its way into a wait or out of one: noted, and not blocked by the kernel's word.
bool Judgement::Settled() const {
  const int self = static_cast<int>(syscall(SYS_gettid));
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_look& look = looks_[i];
    if (look.thread.tid != self && !Ours(look) && !Ended(look) &&
        look.thread.wait.kind != taskleak_v1_wait_none && look.noted == 0)
      return false;
  }
  return true;
}

// Somebody begins, or is on a processor: it may yet end, or come to block.
bool Judgement::AnybodyRuns() const {
  const int self = static_cast<int>(syscall(SYS_gettid));
  const int sanitizers = SanitizersThread();
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_look& look = looks_[i];
    if (look.thread.tid == 0) return true;
    if (look.thread.tid != self && look.thread.tid != sanitizers && look.thread.tid != getpid() &&
        !Ours(look) && !Ended(look) && look.kind == taskleak_v1_wait_none)
      return true;
  }
  return false;
}

Judgement::~Judgement() {
  if (looks_ != nullptr) munmap(looks_, kMost * sizeof(*looks_));
  if (again_ != nullptr) munmap(again_, kMost * sizeof(*again_));
  if (excluded_ != nullptr) munmap(excluded_, kMost * sizeof(*excluded_));
  if (verdicts_ != nullptr) munmap(verdicts_, kMost * sizeof(*verdicts_));
}

// The C library puts a thread's control block, which its handle points to, above its stack.
void Judgement::Exclude() {
  constexpr size_t kControlBlock = 4096;
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_thread& thread = looks_[i].thread;
    const auto record = reinterpret_cast<uintptr_t>(thread.record);
    if (record == 0) continue;
    if (record < low) low = record;
    if (record + sizeof(taskleak_v1_thread) > high) high = record + sizeof(taskleak_v1_thread);
    const auto handle = static_cast<uintptr_t>(thread.handle);
    const uintptr_t stack = thread.wait.registers.sp;
    if (excluded_count_ + 2 < kMost)
      excluded_[excluded_count_++] = {stack != 0 && stack < handle ? stack : handle,
                                      handle + kControlBlock};
  }
  excluded_[excluded_count_++] = {low, high};
}

// ThreadSanitizer's own thread sleeps, works and wakes nobody. It is the first one after the first
// thread, and makes no wrapped call. 0: there is none.
int Judgement::SanitizersThread() const {
  if (!ThreadSanitizerIsThere()) return 0;
  const taskleak_v1_look* earliest = nullptr;
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_look& look = looks_[i];
    if (look.thread.tid != getpid() && look.thread.tid != 0 && !Ours(look) &&
        (earliest == nullptr || look.thread.tid < earliest->thread.tid))
      earliest = &look;
  }
  return earliest != nullptr && earliest->thread.wait.count == 0 ? earliest->thread.tid : 0;
}

bool Judgement::NobodyCanWakeThem(When when) const {
  const int self = static_cast<int>(syscall(SYS_gettid));
  // One that is not the first thread has called exit: what the first would still have done, nobody
  // knows.
  if (when == When::kAtExit && self != getpid()) return false;
  const int sanitizers = SanitizersThread();
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_look& look = looks_[i];
    if (look.thread.tid == 0) return false;  // About to begin: what it will do, nobody knows.
    // A user's thread that a signal has interrupted: what it would have done, nobody knows.
    if (when == When::kRunning && look.thread.tid == self && !Ours(look)) return false;
    if (look.thread.tid == self || look.thread.tid == sanitizers || Ours(look) || Ended(look))
      continue;
    // What waits for a lock that the caller holds, it may have done until a moment ago.
    if (look.owner_tid == self) return false;
    if (look.proc.readable == 0 || look.timed != 0 || !WithinTheProcess(look.kind)) return false;
    // libstdc++'s std::atomic::wait says "shared" of memory that is not: the mapping tells.
    const Mapping* mapping = look.process_shared != 0 ? maps_.At(look.address) : nullptr;
    if (look.process_shared != 0 && (mapping == nullptr || mapping->shared)) return false;
  }
  return !ASignalCouldWakeThem();
}

bool Judgement::StoodStill() {
  const size_t count = threads_.look(again_, kMost);
  if (count != count_) return false;
  for (size_t i = 0; i < count_; ++i) {
    const taskleak_v1_look& before = looks_[i];
    const taskleak_v1_look& after = again_[i];
    if (before.thread.id != after.thread.id || before.thread.tid != after.thread.tid) return false;
    if (verdicts_[i] == ThreadVerdict::kNone) continue;
    if (!InTheSameWait(before, after)) return false;
  }
  return true;
}

size_t Judgement::Count(ThreadVerdict verdict) const {
  size_t count = 0;
  for (size_t i = 0; i < count_; ++i) count += verdicts_[i] == verdict ? 1 : 0;
  return count;
}

}  // namespace taskleak::internal
