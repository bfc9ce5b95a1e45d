// Whether an object is found from a module's own data: where it is, its owner is alive for the rest
// of the process, and a thread that waits there is idle rather than leaked.
#ifndef TASKLEAK_THREADS_PRELOAD_REACH_H_
#define TASKLEAK_THREADS_PRELOAD_REACH_H_

#include <stddef.h>
#include <stdint.h>

#include "src/threads/preload/maps.h"

namespace taskleak::internal {

// Memory that leads nowhere: threads' own stacks and control blocks, and the table of threads, in
// which every wait's address stands.
struct Excluded {
  uintptr_t low;
  uintptr_t high;
};

enum class Reach : uint8_t {
  kNo,
  kYes,
  kGaveUp,  // There was too much to look at.
};

// Yes: `address` lies in a writable segment of a module, or in a block of memory to which at most
// three pointers lead from there. Conservative, as every such search is: a word that looks like a
// pointer is taken for one, and where the bounds of a block are not known (heap.h, or a sanitizer,
// tells them) it is taken for 512 bytes.
// Gives up after 256 MB. The C library and the loader are no such modules: they know every thread
// and every free block.
Reach FindFromModules(const Maps& maps, const Excluded* excluded, size_t count, uintptr_t address);

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_REACH_H_
