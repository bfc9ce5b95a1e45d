#include "taskleak/internal/pool.h"

#include <cstdint>
#include <new>

#include "src/runtime/sanitizer.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {
namespace {

constexpr std::size_t kClass = 32;
constexpr std::size_t kClasses = 16;
// Where threads are many, one may free what another allocates, for ever: more than this of a class
// is given back. A simulation has one thread, which wants again what it had.
constexpr std::uint32_t kMostKept = 128;

struct Block {
  Block* next;
};

struct FreeList {
  Block* first = nullptr;
  std::uint32_t count = 0;
};

// Owned by the thread: given back when it ends.
struct FreeLists {
  FreeList lists[kClasses];
  ~FreeLists() {
    for (FreeList& list : lists) {
      while (list.first != nullptr) {
        Block* block = list.first;
        list.first = block->next;
        ::operator delete(block);
      }
    }
  }
};
thread_local FreeLists t_free;

}  // namespace

void* PoolAllocate(std::size_t size) {
  const std::size_t c = (size + kClass - 1) / kClass - 1;
  if (kSanitized || c >= kClasses) return ::operator new(size);
  FreeList& list = t_free.lists[c];
  if (list.first == nullptr) return ::operator new((c + 1) * kClass);
  Block* block = list.first;
  list.first = block->next;
  --list.count;
  return block;
}

void PoolFree(void* block, std::size_t size) noexcept {
  const std::size_t c = (size + kClass - 1) / kClass - 1;
  if (kSanitized || c >= kClasses) return ::operator delete(block);
  FreeList& list = t_free.lists[c];
  const bool simulated = t_state.runtime != nullptr && t_state.runtime->simulated;
  if (!simulated && list.count >= kMostKept) return ::operator delete(block);
  auto* free = static_cast<Block*>(block);
  free->next = list.first;
  list.first = free;
  ++list.count;
}

}  // namespace taskleak::internal
