// Tests that never end, or that end the process.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

namespace {

void BlockForEver() {
  std::atomic<int> word{0};
  ++g_about_to_block;
  word.wait(0);
}

TEST(Hangs, InJoin) { std::thread(BlockForEver).join(); }

TEST(Hangs, ReturnsEarlyWithAJoinableThread) {
  const std::thread thread(BlockForEver);
  AwaitBlocked(1);
  ASSERT_TRUE(false) << "the message that must not be lost";
}

}  // namespace
