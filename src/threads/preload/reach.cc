#include "src/threads/preload/reach.h"

#include <stddef.h>
#include <sys/mman.h>

#include <cstring>

#include "src/threads/preload/heap.h"
#include "src/threads/symbol.h"
#include "src/threads/walk.h"

namespace taskleak::internal {
namespace {

constexpr int kHops = 3;
constexpr size_t kQueue = 1 << 18;
constexpr size_t kSeen = 1 << 19;
constexpr size_t kMostBytes = size_t{256} << 20;
constexpr size_t kUnknownSize = 512;

constexpr const char* kSystems[] = {"libc.so", "libc-",      "ld-linux",
                                    "ld-2",    "libpthread", "libtaskleak_preload"};

struct Block {
  uintptr_t low;
  uintptr_t high;
};

struct Memory {
  Block queue[2][kQueue];
  uintptr_t seen[kSeen];
  char buffer[1 << 16];
};

bool Systems(const Mapping& mapping) {
  const char* slash = strrchr(mapping.path, '/');
  const char* name = slash != nullptr ? slash + 1 : mapping.path;
  for (const char* known : kSystems)
    if (strncmp(name, known, strlen(known)) == 0) return true;
  return false;
}

class Search {
 public:
  Search(const Maps& maps, const Excluded* excluded, size_t count, uintptr_t address,
         Memory* memory)
      : maps_(maps),
        heap_(maps),
        excluded_(excluded),
        excluded_count_(count),
        address_(address),
        memory_(memory) {}

  Reach Run() {
    for (const Mapping& mapping : maps_)
      if (mapping.module && mapping.writable && mapping.readable && !Systems(mapping) &&
          Scan({mapping.low, mapping.high}, 0))
        return Reach::kYes;
    for (int hop = 1; hop < kHops; ++hop) {
      const int from = (hop - 1) % 2;
      const size_t count = count_[from];
      count_[hop % 2] = 0;
      for (size_t i = 0; i < count; ++i)
        if (Scan(memory_->queue[from][i], hop % 2)) return Reach::kYes;
    }
    return gave_up_ ? Reach::kGaveUp : Reach::kNo;
  }

 private:
  // Looks at each word of `block`; what it points to is put into the queue, or is what is sought.
  bool Scan(Block block, int queue) {
    for (uintptr_t at = block.low & ~uintptr_t{7}; at < block.high; at += sizeof(memory_->buffer)) {
      size_t size = block.high - at;
      if (size > sizeof(memory_->buffer)) size = sizeof(memory_->buffer);
      bytes_ += size;
      if (bytes_ > kMostBytes) {
        gave_up_ = true;
        return false;
      }
      size = taskleak_v1_read_memory(at, memory_->buffer, size);
      const auto* words = reinterpret_cast<const uintptr_t*>(memory_->buffer);
      for (size_t i = 0; i < size / sizeof(uintptr_t); ++i)
        if (words[i] >= 4096 && Visit(words[i], queue)) return true;
    }
    return false;
  }

  bool Visit(uintptr_t pointer, int queue) {
    const Mapping* mapping = maps_.At(pointer);
    if (mapping == nullptr || !mapping->writable || mapping->module || mapping->shared)
      return false;
    if (mapping->path[0] == '[' && mapping->path[1] == 's') return false;  // The first stack.
    for (size_t i = 0; i < excluded_count_; ++i)
      if (pointer >= excluded_[i].low && pointer < excluded_[i].high) return false;
    const Block block = BlockAt(pointer, *mapping);
    if (address_ >= block.low && address_ < block.high) return true;
    if (block.low == block.high) return false;
    if (!Mark(block.low)) return false;
    if (count_[queue] == kQueue) {
      gave_up_ = true;
    } else {
      memory_->queue[queue][count_[queue]++] = block;
    }
    return false;
  }

  // A sanitizer's allocator is asked: what it did not give to the program is its own, and leads
  // from its lists of threads to all of them.
  Block BlockAt(uintptr_t pointer, const Mapping& mapping) const {
    if (size_ == nullptr || (begin_ == nullptr && owns_ == nullptr)) {
      Block block;
      if (heap_.Find(pointer, &block.low, &block.high)) return block;
      return {pointer, pointer + SizeOf(pointer, mapping)};
    }
    uintptr_t low = 0;
    if (begin_ != nullptr) {
      low = reinterpret_cast<uintptr_t>(begin_(reinterpret_cast<const void*>(pointer)));
    } else {
      // gcc 12's knows the beginnings of blocks alone: the pointer may be to somewhat behind one.
      uintptr_t at = pointer & ~uintptr_t{15};
      for (size_t tries = 0; tries < kUnknownSize / 16 && low == 0; ++tries, at -= 16)
        if (owns_(reinterpret_cast<const void*>(at)) != 0) low = at;
    }
    if (low == 0) return {pointer, pointer};
    const Block block{low, low + size_(reinterpret_cast<const void*>(low))};
    return pointer < block.high ? block : Block{pointer, pointer};
  }

  // As glibc's malloc notes it before the block.
  static size_t SizeOf(uintptr_t pointer, const Mapping& mapping) {
    size_t noted = 0;
    const size_t room = mapping.high - pointer;
    if (pointer % 16 == 0 && pointer - sizeof(noted) >= mapping.low)
      taskleak_v1_read_memory(pointer - sizeof(noted), &noted, sizeof(noted));
    noted &= ~size_t{7};
    if (noted >= 32 && noted % 16 == 0 && noted - 8 <= room) return noted - 8;
    return room < kUnknownSize ? room : kUnknownSize;
  }

  // Whether it is new.
  bool Mark(uintptr_t pointer) {
    size_t slot = (pointer * 0x9E3779B97F4A7C15u) >> 45;
    static_assert(kSeen == 1 << (64 - 45));
    for (int tries = 0; tries < 16; ++tries, slot = (slot + 1) % kSeen) {
      if (memory_->seen[slot] == pointer) return false;
      if (memory_->seen[slot] == 0) {
        memory_->seen[slot] = pointer;
        return true;
      }
    }
    return true;
  }

  const Maps& maps_;
  const Heap heap_;
  const void* (*const begin_)(const void*) = reinterpret_cast<const void* (*)(const void*)>(
      TASKLEAK_SYMBOL(__sanitizer_get_allocated_begin));
  int (*const owns_)(const void*) =
      reinterpret_cast<int (*)(const void*)>(TASKLEAK_SYMBOL(__sanitizer_get_ownership));
  size_t (*const size_)(const void*) =
      reinterpret_cast<size_t (*)(const void*)>(TASKLEAK_SYMBOL(__sanitizer_get_allocated_size));
  const Excluded* const excluded_;
  const size_t excluded_count_;
  const uintptr_t address_;
  Memory* const memory_;
  size_t count_[2] = {0, 0};
  size_t bytes_ = 0;
  bool gave_up_ = false;
};

}  // namespace

Reach FindFromModules(const Maps& maps, const Excluded* excluded, size_t count, uintptr_t address) {
  const Mapping* own = maps.At(address);
  if (own == nullptr) return Reach::kNo;
  if (own->module) return own->writable ? Reach::kYes : Reach::kNo;
  for (size_t i = 0; i < count; ++i)
    if (address >= excluded[i].low && address < excluded[i].high) return Reach::kNo;
  void* memory = mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return Reach::kGaveUp;
  const Reach found = Search(maps, excluded, count, address, static_cast<Memory*>(memory)).Run();
  munmap(memory, sizeof(Memory));
  return found;
}

}  // namespace taskleak::internal
