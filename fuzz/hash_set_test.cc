// A set of hashes that grows up to a limit.
#include "fuzz/hash_set.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using taskleak::internal::HashSet;

TEST(HashSet, KnowsWhatItHasSeen) {
  HashSet set;
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(set.Insert(i << 40)) << i;
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_FALSE(set.Insert(i << 40)) << i;
  EXPECT_EQ(set.size(), 1000u);
}

TEST(HashSet, StopsWhenItIsFull) {
  HashSet set;
  for (std::uint64_t i = 0; i < HashSet::kMost + 1000; ++i) set.Insert(i);
  EXPECT_TRUE(set.full());
  EXPECT_EQ(set.size(), HashSet::kMost);
}

}  // namespace
