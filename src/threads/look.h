// Who exists and what it is blocked in, from the records of the wrapped calls and from the kernel's
// word together. And the one symbol by which everybody finds it, whichever copy tracks the process.
//
// Any thread may call anything here, also in a signal handler; nothing allocates.
#ifndef TASKLEAK_THREADS_LOOK_H_
#define TASKLEAK_THREADS_LOOK_H_

#include "src/threads/proc.h"
#include "src/threads/thread_table.h"

#ifdef __cplusplus
extern "C" {
#endif

// One thread. What it is blocked in is said where the kernel agrees with the note of the wrapped
// call, or where the kernel says so and nothing was noted; `thread.wait` is the note as it is.
struct taskleak_v1_look {
  struct taskleak_v1_thread thread;
  struct taskleak_v1_proc proc;
  uint8_t kind;  // taskleak_v1_wait_kind.
  uint8_t timed;
  uint8_t process_shared;  // Something outside the process can end the wait.
  uint8_t noted;           // A wrapped call's: its stack can be walked.
  uintptr_t address;
  int32_t owner_tid;  // Of a mutex or a write lock: who holds it; of a join: whom it waits for.
};

// Copies at most `capacity`; returns how many there are. The caller is among them.
size_t taskleak_v1_look_at_threads(struct taskleak_v1_look* out, size_t capacity);

// The stack of a thread that a look saw in a noted wait; 0 frames when it is there no more.
size_t taskleak_v1_look_at_stack(const struct taskleak_v1_look* look, uintptr_t* pcs, size_t max);

struct taskleak_v1_threads_interface {
  uint32_t size;  // Of this structure: grows at its end.
  size_t (*look)(struct taskleak_v1_look* out, size_t capacity);
  size_t (*stack)(const struct taskleak_v1_look* look, uintptr_t* pcs, size_t max);
  uint64_t (*open_scope)(const char* name);
  void (*close_scope)(uint64_t scope);
  const char* (*scope_name)(uint64_t scope);
  const char* (*wait_name)(int kind);
  const char* (*wait_object)(int kind);
  int (*forked)(void);  // Whether this process was forked and runs no program of its own.
  // From now on `hook` is called by each thread that is about to start another, before it is known
  // what is started. One hook; null: none.
  void (*on_create)(void (*hook)(void));
};
// The exported one: by symbol order it may be another copy's.
const struct taskleak_v1_threads_interface* taskleak_v1_threads(void);
// This copy's.
const struct taskleak_v1_threads_interface* taskleak_v1_threads_here(void);

void taskleak_v1_note_fork(void);

#ifdef __cplusplus
}
#endif

#endif  // TASKLEAK_THREADS_LOOK_H_
