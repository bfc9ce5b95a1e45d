// Memory for the small objects that a run makes and drops by the thousand: channel cores, timers.
#ifndef TASKLEAK_INTERNAL_POOL_H_
#define TASKLEAK_INTERNAL_POOL_H_

#include <cstddef>

namespace taskleak::internal {

// A thread-local free list per size class of 32 bytes, up to 512 bytes; larger blocks, and all
// blocks under a sanitizer (which wants to see every allocation), go to operator new. A block may
// be freed on another thread than it was allocated on: it then joins that thread's list, or,
// outside every simulation, goes back when that is long.
void* PoolAllocate(std::size_t size);
void PoolFree(void* block, std::size_t size) noexcept;

// A base for classes whose objects come from there.
class Pooled {
 public:
  static void* operator new(std::size_t size) { return PoolAllocate(size); }
  static void* operator new(std::size_t, void* place) { return place; }
  static void operator delete(void* block, std::size_t size) { PoolFree(block, size); }
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_POOL_H_
