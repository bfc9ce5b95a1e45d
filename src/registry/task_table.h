// The registry's lower layer: the table of task records. It depends on libc alone (its own mapped
// arena, no exceptions, no libstdc++, a C interface, raw program counters), so that a preloaded
// library can carry it into any process. A process has one table: the first in symbol order serves
// everybody.
//
// Any thread may call anything here. A record is written by one thread at a time, its writer:
// whoever acquired it, or whom that one handed it to.
//
// Invariants:
//  1. A record's `version` is odd while its writer changes it, even otherwise; a reader that sees
//  the same even version
//     before and after has a consistent copy.
//  2. Records never move and the arena is never unmapped: a pointer to a record stays good for
//  ever.
//  3. A record with id 0 is free.
#ifndef TASKLEAK_REGISTRY_TASK_TABLE_H_
#define TASKLEAK_REGISTRY_TASK_TABLE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { taskleak_v1_max_frames = 20, taskleak_v1_name_size = 40, taskleak_v1_labels_size = 64 };

enum taskleak_v1_state {
  taskleak_v1_runnable = 0,
  taskleak_v1_blocked = 1,
  taskleak_v1_sleeping = 2,
};

struct taskleak_v1_task {
  uint32_t version;
  uint32_t run;  // Which run of the simulator it belongs to; 0: a native task.
  uint64_t id;   // 0: free.
  uint64_t parent;
  uint64_t scope;
  uint8_t state;      // taskleak_v1_state.
  uint8_t operation;  // taskleak::internal::OpKind.
  uint8_t object_kind;
  uint8_t frame_count;
  uint32_t object;  // The object's number among its kind; 0: none or several.
  int64_t since;    // Nanoseconds of the runtime's clock at which the state began.
  const char* created_file;
  const char* blocked_file;
  uint32_t created_line;
  uint32_t blocked_line;
  char name[taskleak_v1_name_size];      // NUL-terminated; cut where too long.
  char labels[taskleak_v1_labels_size];  // "key=value;key=value", likewise.
  uintptr_t
      frames[taskleak_v1_max_frames];  // Return addresses of the creation stack, innermost first.
};

// A free record, for the caller to write; null when the table is full (a million records) or memory
// has run out.
struct taskleak_v1_task* taskleak_v1_task_acquire(void);
// Gives a record back; its writer calls this, once.
void taskleak_v1_task_release(struct taskleak_v1_task* task);

// Around every change of a record. Inline: they stand on the simulator's step path.
static inline void taskleak_v1_task_begin_write(struct taskleak_v1_task* task) {
  __atomic_store_n(&task->version, task->version + 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
#if !defined(__x86_64__)
  __atomic_thread_fence(__ATOMIC_RELEASE);  // x86 keeps stores in order.
#endif
}
static inline void taskleak_v1_task_end_write(struct taskleak_v1_task* task) {
  __atomic_store_n(&task->version, task->version + 1, __ATOMIC_RELEASE);
}

// Copies the records that are in use to `out`, at most `capacity` of them, and returns how many are
// in use. `run` selects one run's; UINT32_MAX: all.
size_t taskleak_v1_task_snapshot(uint32_t run, struct taskleak_v1_task* out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif  // TASKLEAK_REGISTRY_TASK_TABLE_H_
