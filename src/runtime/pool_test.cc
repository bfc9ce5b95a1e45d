// The pool of small objects, where threads are many.
#include "taskleak/internal/pool.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <thread>
#include <vector>

#include "src/runtime/sanitizer.h"

namespace {

using taskleak::internal::PoolAllocate;
using taskleak::internal::PoolFree;

TEST(Pool, GivesAThreadAgainWhatItFreed) {
  if (taskleak::internal::kSanitized) GTEST_SKIP() << "a sanitizer sees every allocation";
  void* block = PoolAllocate(200);
  PoolFree(block, 200);
  EXPECT_EQ(PoolAllocate(220), block) << "of one class of sizes";
  PoolFree(block, 220);
}

// Else a thread that drops what others make would hoard it for ever.
TEST(Pool, AThreadThatOnlyFreesGivesBack) {
  if (taskleak::internal::kSanitized) GTEST_SKIP() << "a sanitizer sees every allocation";
  constexpr std::size_t kSize = 256;
  std::vector<void*> blocks(10'000);
  for (void*& block : blocks) block = PoolAllocate(kSize);
  const std::size_t before = mallinfo2().uordblks;
  std::size_t after = 0;
  std::thread([&] {
    for (void* block : blocks) PoolFree(block, kSize);
    after = mallinfo2().uordblks;
  }).join();
  EXPECT_LT(after + 9'000 * kSize, before);
}

}  // namespace
