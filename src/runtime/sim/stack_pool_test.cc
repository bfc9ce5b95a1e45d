#include "src/runtime/sim/stack_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using taskleak::internal::SlotSize;
using taskleak::internal::Stack;
using taskleak::internal::StackPool;

constexpr std::size_t kSize = 8192;

TEST(StackPool, StacksAreWholeApartAndUsable) {
  StackPool pool(kSize);
  std::vector<Stack> stacks;
  for (int i = 0; i < 200; ++i) {
    stacks.push_back(pool.Allocate());
    const Stack& stack = stacks.back();
    EXPECT_EQ(stack.size(), kSize);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(stack.high) % 64, 0u);
    EXPECT_TRUE(stack.guarded);
    std::memset(stack.low, 1, stack.size() - sizeof(StackPool::kCanary));
    EXPECT_FALSE(StackPool::RanOver(stack));
  }
  std::sort(stacks.begin(), stacks.end(),
            [](const Stack& a, const Stack& b) { return a.low < b.low; });
  for (std::size_t i = 1; i < stacks.size(); ++i) EXPECT_LT(stacks[i - 1].high, stacks[i].low);
}

TEST(StackPool, BeyondTheGuardedStacksACanaryTells) {
  StackPool pool(kSize);
  for (std::size_t i = 0; i < StackPool::kGuardedStacks; ++i) static_cast<void>(pool.Allocate());
  int unguarded = 0;
  for (int i = 0; i < 100; ++i) {
    const Stack stack = pool.Allocate();
    if (stack.guarded) continue;  // The lowest of a slab always is.
    ++unguarded;
    EXPECT_FALSE(StackPool::RanOver(stack));
    std::memset(stack.low - 64, 0, 64);  // As an overflow would; there is no guard page to stop it.
    const std::size_t gap = SlotSize(kSize) - stack.size();
    std::memset(stack.low - gap - sizeof(StackPool::kCanary), 0, sizeof(StackPool::kCanary));
    EXPECT_TRUE(StackPool::RanOver(stack));
  }
  EXPECT_GT(unguarded, 90);
}

// The limit is on the mappings that a process has, not on those that it ever had.
TEST(StackPool, APoolThatDiesGivesItsGuardsBack) {
  for (std::size_t i = 0; i <= StackPool::kGuardedStacks; ++i) {
    StackPool pool(kSize);
    static_cast<void>(pool.Allocate());
    ASSERT_TRUE(pool.Allocate().guarded) << "pool " << i;
  }
}

}  // namespace
