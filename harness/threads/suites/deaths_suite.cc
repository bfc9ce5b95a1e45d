// Death tests beside threads of the parent's, which do not exist in the child.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

namespace {

// A pool that lives for the process, and whose destructor joins.
struct Pool {
  std::atomic<int> word{0};
  std::thread worker{[this] {
    ++g_about_to_block;
    word.wait(0);
  }};
  ~Pool() {
    word = 1;
    word.notify_all();
    worker.join();
  }
};

class Deaths : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, GetParam()); }
};

TEST_P(Deaths, BesideALivePool) {
  static Pool pool;
  AwaitBlocked(1);
  EXPECT_EXIT(std::exit(3), testing::ExitedWithCode(3), "^$");
  EXPECT_DEATH(std::abort(), "^$");
}

std::mutex mutex;
std::condition_variable changed;

TEST_P(Deaths, BesideALeakedWaiter) {
  std::thread([] {
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) changed.wait(lock);
  }).detach();
  AwaitBlocked(1);
  EXPECT_EXIT(std::exit(3), testing::ExitedWithCode(3), "^$");
  EXPECT_DEATH(std::abort(), "^$");
}

INSTANTIATE_TEST_SUITE_P(Style, Deaths, testing::Values("fast", "threadsafe"));

}  // namespace
