// Stacks for fibers: cut from slabs, reused, guarded.
#ifndef TASKLEAK_RUNTIME_SIM_STACK_POOL_H_
#define TASKLEAK_RUNTIME_SIM_STACK_POOL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace taskleak::internal {

struct Stack {
  std::byte* low = nullptr;  // The lowest usable byte: above the guard page, where there is one.
  std::byte* high = nullptr;
  bool guarded = false;
  std::size_t size() const { return static_cast<std::size_t>(high - low); }
};

// Address space for many stacks of one size. A stack costs the memory that it touches; a guard page
// splits a mapping in two, and the kernel allows 65,530 mappings, so only the first 16,000 stacks
// have one. A stack beyond those has a canary in its neighbour: the word at the top of the next
// lower stack, which an overflow overwrites first.
//
// Invariants:
//  1. Stacks are handed out once and never given back to the kernel before the pool dies: their
//  owners keep them.
//  2. The lowest stack of every slab is guarded.
class StackPool {
 public:
  // `per_slab`: how many stacks are mapped at a time.
  explicit StackPool(std::size_t stack_size, std::size_t per_slab = 64)
      : stack_size_(stack_size), per_slab_(per_slab) {}
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  // Throws std::bad_alloc when address space has run out.
  Stack Allocate();

  // True if an unguarded stack has run over: its neighbour's canary is gone.
  static bool RanOver(const Stack& stack);

  std::size_t stack_size() const { return stack_size_; }

  static constexpr std::uint64_t kCanary = 0x7461736b6c65616bULL;
  static constexpr std::size_t kGuardedStacks = 16000;

 private:
  void AddSlab();

  const std::size_t stack_size_;
  const std::size_t per_slab_;
  std::vector<std::byte*> slabs_;
  std::size_t guarded_ = 0;
  std::size_t used_ = 0;  // Stacks handed out.
};

// The size of a slab's slot for a stack of `size` bytes: whole pages, with a guard page.
std::size_t SlotSize(std::size_t size);

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_STACK_POOL_H_
