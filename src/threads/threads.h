// Other people's threads, as the wrapped calls (taskleak::native, or the preload) and /proc know
// them.
//
// Any thread may call anything here. Nothing is held while it allocates. Where nothing tracks the
// process, every call is cheap and says so by what it returns.
#ifndef TASKLEAK_SRC_THREADS_THREADS_H_
#define TASKLEAK_SRC_THREADS_THREADS_H_

#include <cstdint>
#include <vector>

#include "taskleak/registry.h"

namespace taskleak::internal {

// One OS thread of this process. Threads that run taskleak's own tasks or serve its runtime are
// marked `ours`.
struct ThreadView {
  // id (from 1, the main thread; 0 for one of unknown origin), parent, name, scope, state,
  // operation
  // ("cond wait", "mutex lock" …), objects[0] with its kind alone, both stacks, since when.
  TaskSnapshot task;
  int tid = 0;
  bool timed = false;           // Its wait has a time limit.
  bool unknown_origin = false;  // Found in /proc/self/task or by its calls, not seen being created.
  bool ours = false;
  bool detached = false;
  bool ended = false;  // And nobody has joined it.
  bool joined = false;
  bool process_shared = false;  // Something outside the process can end its wait.
  std::uintptr_t address = 0;   // What it waits on; a descriptor for those that wait on one.
  int owner_tid = 0;  // Of a lock: who holds it; of a join: whom it waits for; 0: unknown.
  // Its progress: two snapshots that agree in all of these show none.
  std::uint64_t voluntary_switches =
      0;  // How often it was put on a processor, whatever took it off.
  std::uint64_t involuntary_switches = 0;  // Always 0: the kernel counts them in a slower file.
  std::uint64_t cpu_ns = 0;
  std::uint64_t waits = 0;
};

// Every thread of the process but the caller; empty where nothing is tracked.
std::vector<ThreadView> SnapshotThreads();

// Whether the wrapped calls are there, linked or preloaded.
bool ThreadsAreTracked();

// What the calling thread starts from now on, and what those start, belongs to the scope of this
// name, until it is closed. Scopes nest by thread. 0: nothing is tracked; closing it does nothing.
std::uint64_t OpenScope(const char* name);
void CloseScope(std::uint64_t scope);

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_THREADS_THREADS_H_
