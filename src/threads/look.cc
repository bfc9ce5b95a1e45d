#include "src/threads/look.h"

#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "src/threads/bytes.h"
#include "src/threads/tracking.h"

namespace {

using taskleak::internal::ClearBytes;
using taskleak::internal::CopyBytes;
using Look = taskleak_v1_look;

constinit int g_forked = 0;

// Does what the kernel says fit the note? They are read one after the other, and the thread may
// have gone on: the word that it waits on must lie within the object that the note names.
bool Agree(const taskleak_v1_wait& note, const taskleak_v1_proc_wait& wait) {
  const uintptr_t offset = wait.address - note.address;
  switch (note.kind) {
    case taskleak_v1_wait_none:
      return false;
    case taskleak_v1_wait_cond:
      return wait.kind == taskleak_v1_wait_futex &&
             (offset < sizeof(pthread_cond_t) ||
              wait.address - note.address2 < sizeof(pthread_mutex_t));
    case taskleak_v1_wait_cond_destroy:
      return wait.kind == taskleak_v1_wait_futex && offset < sizeof(pthread_cond_t);
    case taskleak_v1_wait_mutex:
      return wait.kind == taskleak_v1_wait_futex && offset < sizeof(pthread_mutex_t);
    case taskleak_v1_wait_rdlock:
    case taskleak_v1_wait_wrlock:
      return wait.kind == taskleak_v1_wait_futex && offset < sizeof(pthread_rwlock_t);
    case taskleak_v1_wait_semaphore:
      return wait.kind == taskleak_v1_wait_futex && offset < sizeof(sem_t);
    case taskleak_v1_wait_barrier:
      return wait.kind == taskleak_v1_wait_futex && offset < sizeof(pthread_barrier_t);
    case taskleak_v1_wait_join:  // On the tid in the other thread's control block.
      return wait.kind == taskleak_v1_wait_futex && offset < 4096;
    case taskleak_v1_wait_futex:
      return wait.kind == taskleak_v1_wait_futex && offset == 0;
    default:
      return note.kind == wait.kind;
  }
}

int ReadInt(uintptr_t address) {
  int value = 0;
  return taskleak_v1_read_memory(address, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

// glibc keeps the owner's tid in the lock. What was unlocked or destroyed meanwhile says nothing.
int OwnerOf(const Look& look) {
  switch (look.kind) {
    case taskleak_v1_wait_mutex:
      return ReadInt(look.address + offsetof(pthread_mutex_t, __data.__owner));
    case taskleak_v1_wait_rdlock:
    case taskleak_v1_wait_wrlock:
      return ReadInt(look.address + offsetof(pthread_rwlock_t, __data.__cur_writer));
    case taskleak_v1_wait_join:
      return static_cast<int>(look.thread.wait.address2);
    default:
      return 0;
  }
}

// Whether this machine lets us read what threads are blocked in: of the caller it says "running".
bool SystemCallsAreTold() {
  taskleak_v1_proc self;
  taskleak_v1_proc_read(static_cast<int>(syscall(SYS_gettid)), &self);
  return self.readable != 0;
}

void Judge(Look* look) {
  const taskleak_v1_wait& note = look->thread.wait;
  if (look->proc.alive == 0 || (look->thread.flags & taskleak_v1_thread_ended) != 0) return;
  if (look->proc.readable == 0) {
    // A thread that is about to vanish; or a machine that hides it, where only the note is left to
    // be believed.
    if (SystemCallsAreTold()) return;
    look->kind = note.kind;
    look->timed = note.timed;
    look->address = note.address;
    look->noted = note.kind != taskleak_v1_wait_none;
    look->owner_tid = OwnerOf(*look);
    return;
  }
  if (look->proc.running != 0) return;
  taskleak_v1_proc_wait wait = taskleak_v1_proc_wait_of(&look->proc);
  // A wait that a stop interrupted (a debugger's, LeakSanitizer's) goes on under another number and
  // without its arguments: only the note tells, and where there is none, it was one with a limit.
  if (look->proc.system_call == SYS_restart_syscall) {
    const bool noted = note.kind != taskleak_v1_wait_none;
    wait.kind = noted ? note.kind : static_cast<uint8_t>(taskleak_v1_wait_system_call);
    wait.timed = noted ? note.timed : 1;
    wait.address = note.address;
    wait.process_shared = 1;
    look->noted = noted;
  }
  look->kind = wait.kind;
  look->timed = wait.timed;
  look->address = wait.address;
  look->process_shared = wait.process_shared;
  if (look->noted != 0 || !Agree(note, wait)) return;
  look->noted = 1;
  look->timed = wait.timed | note.timed;
  if (wait.kind != taskleak_v1_wait_futex) return;
  look->kind = note.kind;
  look->address = note.address;
  // One that was woken and now waits for the mutex is blocked there, not on the condition.
  if (note.kind == taskleak_v1_wait_cond &&
      wait.address - note.address2 < sizeof(pthread_mutex_t)) {
    look->kind = taskleak_v1_wait_mutex;
    look->address = note.address2;
    look->timed = 0;
  }
  // A join waits on the word that the kernel clears at the thread's end, which is never private.
  if (note.kind == taskleak_v1_wait_join) look->process_shared = 0;
  look->owner_tid = OwnerOf(*look);
}

struct Still {
  const Look* look;
};

// Whether the thread is in the very wait that was looked at: its note is unchanged, and the kernel
// has not put it on a processor since.
int StillThere(const void* argument) {
  const Look& look = *static_cast<const Still*>(argument)->look;
  if (taskleak_v1_thread_waits_still(&look.thread) == 0) return 0;
  taskleak_v1_proc now;
  taskleak_v1_proc_read(look.thread.tid, &now);
  // Where the kernel does not tell, the thread may be unwinding its stack at this moment.
  return look.proc.readable != 0 && now.alive != 0 && now.running == 0 &&
         now.switches == look.proc.switches && now.cpu_ns == look.proc.cpu_ns &&
         now.system_call == look.proc.system_call;
}

class Tids {
 public:
  Tids() {
    data_ = static_cast<int*>(mmap(nullptr, kMost * sizeof(int), PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (data_ == MAP_FAILED) return;
    count_ = taskleak_v1_proc_threads(data_, kMost);
    if (count_ > kMost) count_ = kMost;
  }
  ~Tids() {
    if (data_ != MAP_FAILED) munmap(data_, kMost * sizeof(int));
  }
  Tids(const Tids&) = delete;
  Tids& operator=(const Tids&) = delete;

  size_t size() const { return count_; }
  int operator[](size_t i) const { return data_[i]; }

 private:
  static constexpr size_t kMost = 1 << 16;
  int* data_;
  size_t count_ = 0;
};

}  // namespace

extern "C" {

size_t taskleak_v1_look_at_threads(Look* out, size_t capacity) {
  // The kernel's list first: whoever is in it and was created by a wrapped call has a record.
  const Tids tids;
  constexpr size_t kMost = 1 << 16;
  auto* threads = static_cast<taskleak_v1_thread*>(
      mmap(nullptr, kMost * sizeof(taskleak_v1_thread), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (threads == MAP_FAILED) return 0;
  size_t known = taskleak_v1_thread_copy(threads, kMost);
  if (known > kMost) known = kMost;
  size_t found = 0;
  bool starting = false;
  const auto add = [&](const taskleak_v1_thread& thread, const taskleak_v1_proc& proc) {
    if (found < capacity) {
      ClearBytes(&out[found], sizeof(Look));
      CopyBytes(&out[found].thread, &thread, sizeof(thread));
      CopyBytes(&out[found].proc, &proc, sizeof(proc));
      Judge(&out[found]);
    }
    ++found;
  };
  for (size_t i = 0; i < known; ++i) {
    if ((threads[i].flags & taskleak_v1_thread_lost) != 0) continue;
    if (threads[i].tid == 0) starting = true;
    taskleak_v1_proc proc{};
    if (threads[i].tid != 0 && found < capacity) taskleak_v1_proc_read(threads[i].tid, &proc);
    add(threads[i], proc);
  }
  for (size_t t = 0; t < tids.size(); ++t) {
    bool seen = false;
    for (size_t i = 0; i < known && !seen; ++i) seen = threads[i].tid == tids[t];
    if (seen) continue;
    taskleak_v1_proc proc;
    taskleak_v1_proc_read(tids[t], &proc);
    if (proc.alive == 0) continue;
    // One that is about to begin, or just about gone, is in no wait.
    if (proc.system_call == -1 && (starting || taskleak_v1_thread_ended_lately(tids[t]) != 0))
      continue;
    taskleak_v1_thread thread{};
    thread.tid = tids[t];
    thread.flags = taskleak_v1_thread_unknown;
    add(thread, proc);
  }
  munmap(threads, kMost * sizeof(taskleak_v1_thread));
  return found;
}

size_t taskleak_v1_look_at_stack(const Look* look, uintptr_t* pcs, size_t max) {
  if (look->noted == 0 || look->thread.tid == 0) return 0;
  const Still still{look};
  return taskleak_v1_walk_blocked(&look->thread.wait.registers, look->thread.stack_high,
                                  &StillThere, &still, pcs, max);
}

__attribute__((visibility("default"))) const taskleak_v1_threads_interface* taskleak_v1_threads(
    void) {
  return taskleak_v1_threads_here();
}

const taskleak_v1_threads_interface* taskleak_v1_threads_here(void) {
  static constexpr taskleak_v1_threads_interface kInterface = {
      sizeof(taskleak_v1_threads_interface),
      &taskleak_v1_look_at_threads,
      &taskleak_v1_look_at_stack,
      &taskleak_v1_scope_open,
      &taskleak_v1_scope_close,
      &taskleak_v1_scope_name_of,
      &taskleak_v1_wait_name,
      &taskleak_v1_wait_object,
      [] { return g_forked; },
      [](void (*hook)()) {
        __atomic_store_n(&taskleak::internal::g_on_create, hook, __ATOMIC_RELEASE);
      },
  };
  return &kInterface;
}

void taskleak_v1_note_fork(void) { g_forked = 1; }

}  // extern "C"
