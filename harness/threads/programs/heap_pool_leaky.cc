// A pool that its owner lost: nothing leads to what its workers wait at but they themselves.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

struct Pool {
  std::mutex mutex;
  std::condition_variable changed;
};

void StartAPool() {
  const auto pool = std::make_shared<Pool>();
  for (int i = 0; i < 2; ++i) {
    std::thread([pool] {
      std::unique_lock lock(pool->mutex);
      ++g_about_to_block;
      for (;;) pool->changed.wait(lock);
    }).detach();
  }
}

int main() {
  StartAPool();
  AwaitBlocked(2);
}
