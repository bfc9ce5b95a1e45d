#include "src/registry/task_table.h"

#include <sys/mman.h>

#include <cstring>

#include "src/runtime/sanitizer.h"

namespace {

constexpr size_t kCapacity = size_t{1} << 20;

// The arena is reserved once, and backed by memory as far as it is used. A free record's `parent`
// links to the next.
struct Table {
  int lock;  // 0: free. Held for a few instructions; never while a record is written.
  taskleak_v1_task* records;
  size_t used;  // Records ever handed out: those below are initialized.
  taskleak_v1_task* free;
};
constinit Table g_table = {};

class TableLock {
 public:
  TableLock() {
    while (__atomic_exchange_n(&g_table.lock, 1, __ATOMIC_ACQUIRE) != 0) Relax();
  }
  ~TableLock() { __atomic_store_n(&g_table.lock, 0, __ATOMIC_RELEASE); }

 private:
  static void Relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
  }
};

}  // namespace

extern "C" {

taskleak_v1_task* taskleak_v1_task_acquire(void) {
  const TableLock lock;
  if (taskleak_v1_task* task = g_table.free; task != nullptr) {
    g_table.free = reinterpret_cast<taskleak_v1_task*>(task->parent);
    task->parent = 0;
    return task;
  }
  if (g_table.records == nullptr) {
    void* arena = mmap(nullptr, kCapacity * sizeof(taskleak_v1_task), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) return nullptr;
    g_table.records = static_cast<taskleak_v1_task*>(arena);
  }
  return g_table.used == kCapacity ? nullptr : &g_table.records[g_table.used++];
}

void taskleak_v1_task_release(taskleak_v1_task* task) {
  taskleak_v1_task_begin_write(task);
  task->id = 0;
  taskleak_v1_task_end_write(task);
  const TableLock lock;
  task->parent = reinterpret_cast<uint64_t>(g_table.free);
  g_table.free = task;
}

// Reads what others write; the versions tell whether it came out whole, which a race detector
// cannot know.
TASKLEAK_NO_SANITIZE size_t taskleak_v1_task_snapshot(uint32_t run, taskleak_v1_task* out,
                                                      size_t capacity) {
  size_t used;
  taskleak_v1_task* records;
  {
    const TableLock lock;
    used = g_table.used;
    records = g_table.records;
  }
  size_t found = 0;
  for (size_t i = 0; i < used; ++i) {
    taskleak_v1_task copy;
    for (;;) {
      const uint32_t before = __atomic_load_n(&records[i].version, __ATOMIC_ACQUIRE);
      copy = records[i];
      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      if (before % 2 == 0 && before == __atomic_load_n(&records[i].version, __ATOMIC_RELAXED))
        break;
    }
    if (copy.id == 0 || (run != UINT32_MAX && copy.run != run)) continue;
    if (found < capacity) out[found] = copy;
    ++found;
  }
  return found;
}

}  // extern "C"
