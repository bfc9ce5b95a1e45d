#include "src/threads/thread_table.h"

#include <sched.h>
#include <sys/mman.h>

#include <cstddef>

#include "src/threads/bytes.h"

namespace {

using taskleak::internal::ClearBytes;
using taskleak::internal::CopyBytes;
using taskleak::internal::CopyText;
using Thread = taskleak_v1_thread;

constexpr uint32_t kCapacity = 1 << 16;
constexpr uint32_t kBuckets = 1 << 12;
constexpr uint32_t kScopes = 1 << 20;
constexpr uint32_t kEndedLately = 256;

struct Scope {
  uint64_t parent;
  char name[taskleak_v1_scope_name];
};

// Threads are found by their handle in a chained hash table: index + 1 of the first, 0 for none.
// A free record's `next` links to the next free one in the same way.
struct Table {
  int lock;
  // Who holds the lock from before a fork until after it; 0: nobody. Others' handlers run meanwhile
  // in that thread, in the child too, and may start threads (ThreadSanitizer's do): it passes.
  pthread_t forking;
  uint64_t last_id_before_fork;
  Thread* threads;
  Scope* scopes;
  uint32_t used;
  uint32_t free;
  uint64_t last_id;
  uint64_t last_scope;
  uint32_t buckets[kBuckets];
  int ended[kEndedLately];
  uint32_t ended_next;
};
constinit Table g_table = {};

void Lock() {
  for (int spins = 0; __atomic_exchange_n(&g_table.lock, 1, __ATOMIC_ACQUIRE) != 0; ++spins)
    if (spins >= 100) sched_yield();  // Its holder may wait for this very processor.
}
void Unlock() { __atomic_store_n(&g_table.lock, 0, __ATOMIC_RELEASE); }

class TableLock {
 public:
  TableLock() : passes_(__atomic_load_n(&g_table.forking, __ATOMIC_RELAXED) == pthread_self()) {
    if (!passes_) Lock();
  }
  ~TableLock() {
    if (!passes_) Unlock();
  }

 private:
  const bool passes_;
};

void BeginWrite(uint32_t* version) {
  __atomic_store_n(version, *version + 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
}
void EndWrite(uint32_t* version) { __atomic_store_n(version, *version + 1, __ATOMIC_RELEASE); }

class Write {
 public:
  explicit Write(Thread* thread) : thread_(thread) { BeginWrite(&thread->version); }
  ~Write() { EndWrite(&thread_->version); }

 private:
  Thread* const thread_;
};

void* Reserve(size_t size) {
  void* arena = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return arena == MAP_FAILED ? nullptr : arena;
}

uint32_t* BucketOf(pthread_t handle) {
  const uint64_t hash = static_cast<uint64_t>(handle) * 0x9E3779B97F4A7C15u;
  return &g_table.buckets[hash >> 52];
}
static_assert(kBuckets == 1 << (64 - 52));

void Insert(Thread* thread, pthread_t handle) {
  thread->handle = handle;
  thread->has_handle = 1;
  uint32_t* bucket = BucketOf(handle);
  thread->next = *bucket;
  *bucket = static_cast<uint32_t>(thread - g_table.threads) + 1;
}

void Remove(Thread* thread) {
  if (thread->has_handle == 0) return;
  uint32_t* link = BucketOf(thread->handle);
  while (*link != 0 && &g_table.threads[*link - 1] != thread)
    link = &g_table.threads[*link - 1].next;
  if (*link != 0) *link = thread->next;
  thread->has_handle = 0;
}

void Release(Thread* thread) {
  g_table.ended[g_table.ended_next++ % kEndedLately] = thread->tid;
  const Write write(thread);
  Remove(thread);
  thread->id = 0;
  thread->next = g_table.free;
  g_table.free = static_cast<uint32_t>(thread - g_table.threads) + 1;
}

// Under the lock: null where the thread is gone.
Thread* Live(const taskleak_v1_thread_ref& ref) {
  return ref.id != 0 && ref.thread->id == ref.id ? ref.thread : nullptr;
}

// Copies what others write, until the version tells that it came out whole.
template <class T>
void CopyWhole(const T* from, T* to) {
  for (;;) {
    const uint32_t before = __atomic_load_n(&from->version, __ATOMIC_ACQUIRE);
    CopyBytes(to, from, sizeof(T));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (before % 2 == 0 && before == __atomic_load_n(&from->version, __ATOMIC_RELAXED)) return;
    sched_yield();
  }
}

// The names of the threads that serve taskleak.
bool StartsWithOurs(const char* name) {
  for (const char* ours = "taskleak-"; *ours != '\0'; ++ours, ++name)
    if (*name != *ours) return false;
  return true;
}

struct WaitName {
  const char* name;
  const char* object;
};
constexpr WaitName kWaits[] = {
    {"", ""},
    {"cond wait", "condition variable"},
    {"mutex lock", "mutex"},
    {"rwlock rdlock", "rwlock"},
    {"rwlock wrlock", "rwlock"},
    {"semaphore wait", "semaphore"},
    {"barrier wait", "barrier"},
    {"thread join", "thread"},
    {"futex wait", "futex"},
    {"poll", "descriptors"},
    {"epoll wait", "descriptor"},
    {"read", "descriptor"},
    {"write", "descriptor"},
    {"accept", "descriptor"},
    {"sleep", ""},
    {"signal wait", ""},
    {"system call", ""},
    {"cond destroy", "condition variable"},
};

}  // namespace

extern "C" {

const char* taskleak_v1_wait_name(int kind) { return kWaits[kind].name; }
const char* taskleak_v1_wait_object(int kind) { return kWaits[kind].object; }

Thread* taskleak_v1_thread_acquire(void) {
  const TableLock lock;
  if (g_table.threads == nullptr) {
    g_table.threads = static_cast<Thread*>(Reserve(kCapacity * sizeof(Thread)));
    if (g_table.threads == nullptr) return nullptr;
  }
  Thread* thread = nullptr;
  if (g_table.free != 0) {
    thread = &g_table.threads[g_table.free - 1];
    g_table.free = thread->next;
  } else if (g_table.used < kCapacity) {
    thread = &g_table.threads[g_table.used++];
  } else {
    return nullptr;
  }
  const Write write(thread);
  const uint32_t version = thread->version;
  const uint32_t wait_version = thread->wait.version;
  ClearBytes(thread, sizeof(*thread));
  thread->version = version;
  thread->wait.version = wait_version;
  thread->record = thread;
  thread->id = ++g_table.last_id;
  return thread;
}

void taskleak_v1_thread_cancel(Thread* thread) {
  const TableLock lock;
  Release(thread);
}

void taskleak_v1_thread_started(Thread* thread, uint64_t id, pthread_t handle) {
  const TableLock lock;
  if (thread->id != id || thread->has_handle != 0) return;
  const Write write(thread);
  Insert(thread, handle);
}

void taskleak_v1_thread_running(Thread* thread, pthread_t handle, int tid, uintptr_t stack_high) {
  const TableLock lock;
  const Write write(thread);
  if (thread->has_handle == 0) Insert(thread, handle);
  thread->tid = tid;
  thread->stack_high = stack_high;
}

void taskleak_v1_thread_end(Thread* thread) {
  const TableLock lock;
  {
    const Write write(thread);
    thread->flags |= taskleak_v1_thread_ended;
  }
  if ((thread->flags & (taskleak_v1_thread_detached | taskleak_v1_thread_unknown)) != 0)
    Release(thread);
}

taskleak_v1_thread_ref taskleak_v1_thread_find(pthread_t handle) {
  const TableLock lock;
  for (uint32_t i = *BucketOf(handle); i != 0; i = g_table.threads[i - 1].next) {
    Thread& thread = g_table.threads[i - 1];
    if (pthread_equal(thread.handle, handle))
      return {&thread, thread.id, thread.tid,
              (thread.flags & taskleak_v1_thread_lost) != 0 ? 1 : 0};
  }
  return {nullptr, 0, 0, 0};
}

void taskleak_v1_thread_detach(taskleak_v1_thread_ref ref) {
  const TableLock lock;
  Thread* thread = Live(ref);
  if (thread == nullptr) return;
  if ((thread->flags & taskleak_v1_thread_ended) != 0) return Release(thread);
  const Write write(thread);
  thread->flags |= taskleak_v1_thread_detached;
}

void taskleak_v1_thread_joined(taskleak_v1_thread_ref ref) {
  const TableLock lock;
  if (Thread* thread = Live(ref); thread != nullptr) Release(thread);
}

void taskleak_v1_thread_rename(taskleak_v1_thread_ref ref, const char* name) {
  const TableLock lock;
  Thread* thread = Live(ref);
  if (thread == nullptr) return;
  const Write write(thread);
  CopyText(thread->name, name, sizeof(thread->name));
  if (StartsWithOurs(name)) thread->flags |= taskleak_v1_thread_ours;
}

void taskleak_v1_thread_before_fork(void) {
  Lock();
  g_table.last_id_before_fork = g_table.last_id;
  __atomic_store_n(&g_table.forking, pthread_self(), __ATOMIC_RELAXED);
}

void taskleak_v1_thread_after_fork(Thread* self, int child_tid) {
  if (child_tid != 0) {
    for (uint32_t i = 0; i < g_table.used; ++i) {
      Thread& thread = g_table.threads[i];
      if (&thread == self) {
        thread.tid = child_tid;
      } else if (thread.id != 0 && thread.id <= g_table.last_id_before_fork) {
        thread.flags |= taskleak_v1_thread_lost;
        // Its thread may have been about to change it; nobody will go on.
        thread.version += thread.version % 2;
        thread.wait.version += thread.wait.version % 2;
      }
    }
  }
  __atomic_store_n(&g_table.forking, pthread_t{}, __ATOMIC_RELAXED);
  Unlock();
}

int taskleak_v1_thread_waits_still(const Thread* copy) {
  const Thread* thread = copy->record;
  if (thread == nullptr) return 0;
  taskleak_v1_wait now;
  CopyWhole(&thread->wait, &now);
  const TableLock lock;
  return thread->id == copy->id && now.version == copy->wait.version ? 1 : 0;
}

size_t taskleak_v1_thread_copy(Thread* out, size_t capacity) {
  const TableLock lock;  // So that only waits change meanwhile.
  size_t found = 0;
  for (uint32_t i = 0; i < g_table.used; ++i) {
    const Thread& thread = g_table.threads[i];
    if (thread.id == 0) continue;
    if (found < capacity) {
      CopyBytes(&out[found], &thread, offsetof(Thread, wait));
      CopyWhole(&thread.wait, &out[found].wait);
    }
    ++found;
  }
  return found;
}

int taskleak_v1_thread_ended_lately(int tid) {
  const TableLock lock;
  for (const int ended : g_table.ended)
    if (ended == tid) return 1;
  return 0;
}

uint64_t taskleak_v1_scope_open(const char* name) {
  Thread* self = taskleak_v1_thread_self();
  if (self == nullptr) return 0;
  const TableLock lock;
  if (g_table.scopes == nullptr)
    g_table.scopes = static_cast<Scope*>(Reserve(kScopes * sizeof(Scope)));
  if (g_table.scopes == nullptr || g_table.last_scope + 1 == kScopes) return 0;
  Scope& scope = g_table.scopes[++g_table.last_scope];
  scope.parent = self->current_scope;
  CopyText(scope.name, name, sizeof(scope.name));
  const Write write(self);
  self->current_scope = g_table.last_scope;
  return g_table.last_scope;
}

void taskleak_v1_scope_close(uint64_t scope) {
  Thread* self = taskleak_v1_thread_self();
  if (self == nullptr || scope == 0) return;
  const TableLock lock;
  // Those opened within and not closed (an exception, a return) end with it.
  for (uint64_t at = self->current_scope; at != 0; at = g_table.scopes[at].parent) {
    if (at != scope) continue;
    const Write write(self);
    self->current_scope = g_table.scopes[scope].parent;
    return;
  }
}

const char* taskleak_v1_scope_name_of(uint64_t scope) {
  return scope == 0 || g_table.scopes == nullptr ? "" : g_table.scopes[scope].name;
}

}  // extern "C"
