// Tests that know nothing of taskleak, each of which starts a thread: those that leave it behind,
// and those that do not.
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

TEST(Charges, LeavesOneBehind) {
  const int before = g_about_to_block;
  std::thread(BlockForEver).detach();
  AwaitBlocked(before + 1);
}

TEST(Charges, EndsItsThread) {
  std::thread([] {}).join();
}

// The one that leaves a thread behind is this test, whenever that thread is started.
std::atomic<int> go{0};
std::thread* starts_later = nullptr;

TEST(Charges, StartsOneThatStartsOne) {
  starts_later = new std::thread([] {
    go.wait(0);
    std::thread(BlockForEver).detach();
  });
}

TEST(Charges, RunsWhileItIsStarted) {
  if (starts_later == nullptr) GTEST_SKIP() << "runs after another only";
  go = 1;
  go.notify_all();
  starts_later->join();
  delete starts_later;
  AwaitBlocked(1);
}

class OfTheSuite : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const int before = g_about_to_block;
    std::thread(BlockForEver).detach();
    AwaitBlocked(before + 1);
  }
};

TEST_F(OfTheSuite, DoesNothing) {}

}  // namespace
