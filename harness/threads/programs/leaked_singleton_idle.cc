// A pool that lives for the process, on purpose: a static pointer leads to what its workers wait
// at.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

struct Pool {
  std::mutex mutex;
  std::condition_variable changed;
  Pool() {
    for (int i = 0; i < 3; ++i) std::thread([this] { Work(); }).detach();
  }
  void Work() {
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) changed.wait(lock);
  }
};

Pool& ThePool() {
  static auto* const pool = new Pool;
  return *pool;
}

int main() {
  ThePool();
  AwaitBlocked(3);
}
