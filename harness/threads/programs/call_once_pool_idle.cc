// A pool made by call_once, and never ended on purpose.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

struct Pool {
  std::mutex mutex;
  std::condition_variable changed;
  void Work() {
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) changed.wait(lock);
  }
};

std::once_flag once;
Pool* pool = nullptr;

int main() {
  std::call_once(once, [] {
    pool = new Pool;
    std::thread([] { pool->Work(); }).detach();
  });
  AwaitBlocked(1);
}
