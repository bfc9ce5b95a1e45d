#include "src/runtime/sim/stack_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "src/runtime/sanitizer.h"

namespace taskleak::internal {
namespace {

// LSan reads root regions whole at its end-of-process check: the first slabs only, or it would read
// gigabytes.
constexpr std::size_t kRootSlabs = 16;

std::size_t PageSize() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// Guarded stacks of all pools: the limit on mappings is the process's.
std::size_t g_guarded = 0;

}  // namespace

std::size_t SlotSize(std::size_t size) {
  const std::size_t page = PageSize();
  return (size + page - 1) / page * page + page;
}

StackPool::~StackPool() {
  const std::size_t slot = SlotSize(stack_size_);
  for (std::size_t i = 0; i < slabs_.size(); ++i) {
    if (i < kRootSlabs) UnregisterRoots(slabs_[i], slot * per_slab_);
    const std::size_t used = std::min(used_ - i * per_slab_, per_slab_);
    UnpoisonStack(slabs_[i], slot * used);
    munmap(slabs_[i], slot * per_slab_);
  }
  g_guarded -= guarded_;
}

void StackPool::AddSlab() {
  const std::size_t bytes = SlotSize(stack_size_) * per_slab_;
  void* slab = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (slab == MAP_FAILED) throw std::bad_alloc();
  madvise(slab, bytes,
          MADV_NOHUGEPAGE);  // A huge page would cost 2 MiB where one stack touches 8 KiB.
  slabs_.push_back(static_cast<std::byte*>(slab));
  if (slabs_.size() <= kRootSlabs) RegisterRoots(slab, bytes);
}

Stack StackPool::Allocate() {
  if (used_ == slabs_.size() * per_slab_) AddSlab();
  const std::size_t slot = SlotSize(stack_size_);
  std::byte* base = slabs_.back() + used_ % per_slab_ * slot;
  Stack stack;
  stack.low = base + PageSize();
  stack.high = base + slot;
  stack.guarded = used_ % per_slab_ == 0 || g_guarded < kGuardedStacks;
  if (stack.guarded) {
    if (mprotect(base, PageSize(), PROT_NONE) != 0) stack.guarded = false;
    ++g_guarded;
    ++guarded_;
  }
  ++used_;
  std::memcpy(stack.high - sizeof(kCanary), &kCanary, sizeof(kCanary));
  return stack;
}

TASKLEAK_NO_SANITIZE bool StackPool::RanOver(const Stack& stack) {
  if (stack.guarded) return false;
  // The slot below is always handed out before this one (invariant 2).
  const auto* canary =
      reinterpret_cast<const std::uint64_t*>(stack.low - PageSize() - sizeof(kCanary));
  return *canary != kCanary;
}

}  // namespace taskleak::internal
