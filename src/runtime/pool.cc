#include "taskleak/internal/pool.h"

#include <cstdint>
#include <new>

#include "src/runtime/sanitizer.h"

namespace taskleak::internal {
namespace {

constexpr std::size_t kClass = 32;
constexpr std::size_t kClasses = 16;
// Natively one thread may make what another one drops: what the second keeps has an end.
constexpr std::uint32_t kMostKept = 16384;

struct Block {
  Block* next;
};

// Owned by the thread: given back when it ends.
struct FreeLists {
  Block* lists[kClasses] = {};
  std::uint32_t counts[kClasses] = {};
  ~FreeLists() {
    for (Block*& list : lists) {
      while (list != nullptr) {
        Block* block = list;
        list = block->next;
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
  Block*& list = t_free.lists[c];
  if (list == nullptr) return ::operator new((c + 1) * kClass);
  Block* block = list;
  list = block->next;
  --t_free.counts[c];
  return block;
}

void PoolFree(void* block, std::size_t size) noexcept {
  const std::size_t c = (size + kClass - 1) / kClass - 1;
  if (kSanitized || c >= kClasses || t_free.counts[c] >= kMostKept) return ::operator delete(block);
  ++t_free.counts[c];
  auto* free = static_cast<Block*>(block);
  free->next = t_free.lists[c];
  t_free.lists[c] = free;
}

}  // namespace taskleak::internal
