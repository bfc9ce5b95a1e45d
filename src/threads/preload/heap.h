// Where the blocks of glibc's malloc begin and end, in the memory that the kernel calls [heap]: so
// that a pointer into the middle of a block (a short string's to its own text, a shared pointer's)
// leads to that block alone, and not to what happens to lie behind it.
#ifndef TASKLEAK_THREADS_PRELOAD_HEAP_H_
#define TASKLEAK_THREADS_PRELOAD_HEAP_H_

#include <stddef.h>
#include <stdint.h>

#include "src/threads/preload/maps.h"

namespace taskleak::internal {

// Read once; only memory is looked at, no lock is taken. Each chunk says its size, and the chain of
// them must lead from the heap's start to its very end: if it does not, another allocator is at
// work, or a thread allocates this moment, and nothing is known.
class Heap {
 public:
  explicit Heap(const Maps& maps);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Whether `pointer` lies in the heap that was read. If so, sets the bounds of its block, which
  // are the same for what lies between blocks.
  bool Find(uintptr_t pointer, uintptr_t* low, uintptr_t* high) const;

 private:
  bool Read(uintptr_t low, uintptr_t high);

  uintptr_t* chunks_ = nullptr;  // Where each begins; its last is the end of the heap.
  size_t count_ = 0;             // 0: nothing is known.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_HEAP_H_
