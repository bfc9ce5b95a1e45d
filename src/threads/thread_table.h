// Who exists among the threads of this process: one record a thread, and the scopes they were
// started in. It depends on libc alone, as the task table does (src/registry/task_table.h), so that
// a preloaded library can carry it into any process.
//
// Any thread may call anything here. Nothing allocates, and nothing is called while the table's
// lock is held.
//
// Invariants (L: the table's lock is held):
//  1. Records never move and are never unmapped; one with id 0 is free. A record is used again for
//     another thread only after its own has ended and was joined, or ended detached.
//  2. `version` is odd while a record changes; all but `wait` changes under L.
//  3. `wait` is written by the record's own thread only, under a version of its own, and without L:
//     a wait that is noted costs no other thread anything.
//  4. Whoever holds an id, not a pointer, may be late: what is asked of an id that is gone is
//     ignored.
#ifndef TASKLEAK_THREADS_THREAD_TABLE_H_
#define TASKLEAK_THREADS_THREAD_TABLE_H_

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "src/threads/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { taskleak_v1_thread_frames = 32, taskleak_v1_thread_name = 40, taskleak_v1_scope_name = 112 };

// What a thread may be blocked in. The names are TaskSnapshot::operation's.
enum taskleak_v1_wait_kind {
  taskleak_v1_wait_none = 0,
  taskleak_v1_wait_cond,
  taskleak_v1_wait_mutex,
  taskleak_v1_wait_rdlock,
  taskleak_v1_wait_wrlock,
  taskleak_v1_wait_semaphore,
  taskleak_v1_wait_barrier,
  taskleak_v1_wait_join,
  taskleak_v1_wait_futex,
  taskleak_v1_wait_poll,
  taskleak_v1_wait_epoll,
  taskleak_v1_wait_read,
  taskleak_v1_wait_write,
  taskleak_v1_wait_accept,
  taskleak_v1_wait_sleep,
  taskleak_v1_wait_signal,
  taskleak_v1_wait_system_call,  // Blocked in one that none of the above is.
  taskleak_v1_wait_cond_destroy,
};
const char* taskleak_v1_wait_name(int kind);    // "cond wait" …; "" for none.
const char* taskleak_v1_wait_object(int kind);  // "condition variable" …; "" where there is none.

enum taskleak_v1_thread_flag {
  taskleak_v1_thread_detached = 1,
  taskleak_v1_thread_ended = 2,
  taskleak_v1_thread_unknown = 4,  // Not seen being created.
  taskleak_v1_thread_ours = 8,     // Serves taskleak itself.
  taskleak_v1_thread_lost = 16,    // The parent's, seen in the child of a fork.
};

struct taskleak_v1_wait {
  uint32_t version;
  uint8_t kind;  // taskleak_v1_wait_kind.
  uint8_t timed;
  uint64_t count;      // Of the waits that this thread ever noted.
  uintptr_t address;   // What it waits on; a descriptor for those that wait on one.
  uintptr_t address2;  // The mutex of a condition variable.
  int64_t since;       // CLOCK_MONOTONIC, nanoseconds.
  struct taskleak_v1_registers registers;  // Of the wrapped call: where a walk begins.
};

struct taskleak_v1_thread {
  struct taskleak_v1_thread* record;  // Of a copy: what it was copied from.
  uint32_t version;
  uint32_t flags;   // taskleak_v1_thread_flag.
  uint64_t id;      // From 1, which is the main thread; 0: free.
  uint64_t parent;  // 0: unknown.
  uint64_t scope;   // That it was started in; of its children: `current_scope`.
  uint64_t current_scope;
  pthread_t handle;
  int32_t tid;  // 0: it has not run yet.
  uint32_t next;
  uint8_t has_handle;
  uint8_t frame_count;
  int64_t started;  // CLOCK_MONOTONIC, nanoseconds.
  uintptr_t stack_high;
  void* (*start)(void*);
  void* argument;
  char name[taskleak_v1_thread_name];
  uintptr_t frames[taskleak_v1_thread_frames];  // Of the creation stack, innermost first.
  struct taskleak_v1_wait wait;
};

// A record for a thread about to be started, or for one that came by; null when there are too many
// (65,536) or memory has run out. Its id is set; the caller fills in the rest before it shares it.
struct taskleak_v1_thread* taskleak_v1_thread_acquire(void);
// The thread of that id could not be started.
void taskleak_v1_thread_cancel(struct taskleak_v1_thread* thread);
// The starter has learnt the handle; or the thread itself, which also says its tid and the upper
// end of its stack, whichever comes first.
void taskleak_v1_thread_started(struct taskleak_v1_thread* thread, uint64_t id, pthread_t handle);
void taskleak_v1_thread_running(struct taskleak_v1_thread* thread, pthread_t handle, int tid,
                                uintptr_t stack_high);
void taskleak_v1_thread_end(struct taskleak_v1_thread* thread);
// The live thread with this handle; id 0: none. Ask before a join: afterwards the handle may be
// another thread's, and so may the record.
struct taskleak_v1_thread_ref {
  struct taskleak_v1_thread* thread;
  uint64_t id;
  int32_t tid;
  int32_t lost;  // It is the parent's, and this process the child of a fork.
};
struct taskleak_v1_thread_ref taskleak_v1_thread_find(pthread_t handle);
void taskleak_v1_thread_detach(struct taskleak_v1_thread_ref ref);
void taskleak_v1_thread_joined(struct taskleak_v1_thread_ref ref);
void taskleak_v1_thread_rename(struct taskleak_v1_thread_ref ref, const char* name);
// Around fork, by the thread that forks, which may call anything here in between: the child's only
// thread is `self`; the others' records are marked lost.
void taskleak_v1_thread_before_fork(void);
void taskleak_v1_thread_after_fork(struct taskleak_v1_thread* self, int child_tid);

// The calling thread's record; null: none.
struct taskleak_v1_thread* taskleak_v1_thread_self(void);

// Whether the thread that `copy` was made of is in the very wait that the copy shows.
int taskleak_v1_thread_waits_still(const struct taskleak_v1_thread* copy);

// Copies the records in use, at most `capacity`; returns how many are in use.
size_t taskleak_v1_thread_copy(struct taskleak_v1_thread* out, size_t capacity);
// Whether a thread of that tid ended not long ago: the kernel may still list it.
int taskleak_v1_thread_ended_lately(int tid);

// Scopes nest by thread: what the caller starts from now on belongs to the new one. Returns 0 when
// there are too many (a million), or when nothing tracks the caller.
uint64_t taskleak_v1_scope_open(const char* name);
void taskleak_v1_scope_close(uint64_t scope);
const char* taskleak_v1_scope_name_of(uint64_t scope);  // "" for 0. Stays valid.

static inline int64_t taskleak_v1_monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#ifdef __cplusplus
}
#endif

#endif  // TASKLEAK_THREADS_THREAD_TABLE_H_
