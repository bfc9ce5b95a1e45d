#include "src/threads/preload/heap.h"

#include <sys/mman.h>

#include <cstring>

#include "src/threads/walk.h"

namespace taskleak::internal {
namespace {

constexpr size_t kChunks = size_t{1} << 22;
constexpr size_t kMostBytes = size_t{256} << 20;  // As much as a search looks at.
constexpr size_t kHeader = 2 * sizeof(size_t);    // The size of the chunk before, if that is free,
                                                  // and its own with three flags.

}  // namespace

Heap::Heap(const Maps& maps) {
  for (const Mapping& mapping : maps) {
    if (strcmp(mapping.path, "[heap]") != 0) continue;
    if (mapping.high - mapping.low > kMostBytes) return;
    void* memory = mmap(nullptr, kChunks * sizeof(uintptr_t), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return;
    chunks_ = static_cast<uintptr_t*>(memory);
    if (!Read(mapping.low, mapping.high)) count_ = 0;
    return;
  }
}

Heap::~Heap() {
  if (chunks_ != nullptr) munmap(chunks_, kChunks * sizeof(uintptr_t));
}

bool Heap::Read(uintptr_t low, uintptr_t high) {
  char buffer[4096];
  uintptr_t begin = 0;  // Of what is in the buffer.
  size_t size = 0;
  for (uintptr_t at = low; at < high;) {
    if (count_ + 1 >= kChunks || high - at < kHeader) return false;
    if (at < begin || at + kHeader > begin + size) {
      begin = at;
      const size_t wanted = high - at < sizeof(buffer) ? high - at : sizeof(buffer);
      size = taskleak_v1_read_memory(at, buffer, wanted);
      if (size < kHeader) return false;
    }
    size_t noted = 0;
    memcpy(&noted, buffer + (at - begin) + sizeof(size_t), sizeof(noted));
    noted &= ~size_t{7};
    if (noted < 2 * kHeader || noted % kHeader != 0 || noted > high - at) return false;
    chunks_[count_++] = at;
    at += noted;
  }
  chunks_[count_++] = high;
  return true;
}

bool Heap::Find(uintptr_t pointer, uintptr_t* low, uintptr_t* high) const {
  if (count_ == 0 || pointer < chunks_[0] || pointer >= chunks_[count_ - 1]) return false;
  size_t first = 0;
  size_t last = count_ - 1;
  while (last - first > 1) {
    const size_t middle = first + (last - first) / 2;
    (chunks_[middle] <= pointer ? first : last) = middle;
  }
  *low = chunks_[first] + kHeader;
  // The first word of the next one is this one's, while it is in use.
  *high = chunks_[last] + (last + 1 < count_ ? sizeof(size_t) : 0);
  if (pointer < *low) *low = *high = pointer;
  return true;
}

}  // namespace taskleak::internal
