// What the kernel says of one thread of this process, from /proc/self/task/TID. Any thread may
// call this, also in a signal handler: it allocates nothing and takes no lock.
#ifndef TASKLEAK_THREADS_PROC_H_
#define TASKLEAK_THREADS_PROC_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct taskleak_v1_proc {
  uint8_t alive;        // The kernel lists it.
  uint8_t readable;     // `system_call` could be read.
  uint8_t running;      // On a processor or waiting for one; or stopped outside every system call.
  int32_t system_call;  // -1: none.
  uint64_t arguments[6];
  uint64_t cpu_ns;
  uint64_t switches;  // How often it was put on a processor.
  char comm[16];
};

void taskleak_v1_proc_read(int tid, struct taskleak_v1_proc* out);

// The thread ids of the process; at most `capacity` are written, returns how many there are, 0 when
// /proc is not there.
size_t taskleak_v1_proc_threads(int* out, size_t capacity);

// What the system call that it is blocked in means.
struct taskleak_v1_proc_wait {
  uint8_t kind;  // taskleak_v1_wait_kind.
  uint8_t timed;
  uint8_t process_shared;  // Another process can end it: a shared futex, a descriptor.
  uint64_t address;
};
struct taskleak_v1_proc_wait taskleak_v1_proc_wait_of(const struct taskleak_v1_proc* proc);

// Sleeps by a system call of its own: a wait of ours is nobody's, and is not noted.
void taskleak_v1_pause(int64_t nanoseconds);

#ifdef __cplusplus
}
#endif

#endif  // TASKLEAK_THREADS_PROC_H_
