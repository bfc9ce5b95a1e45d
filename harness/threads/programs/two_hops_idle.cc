// The same, found over two pointers.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/threads/programs/await.h"

struct Queue {
  std::mutex mutex;
  std::condition_variable changed;
};
struct Pool {
  std::unique_ptr<Queue> queue = std::make_unique<Queue>();
};

int main() {
  static auto* const pool = new Pool;
  std::thread([queue = pool->queue.get()] {
    std::unique_lock lock(queue->mutex);
    ++g_about_to_block;
    for (;;) queue->changed.wait(lock);
  }).detach();
  AwaitBlocked(1);
}
