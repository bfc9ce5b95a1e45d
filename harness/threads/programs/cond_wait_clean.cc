// The same waiter, notified and joined.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

struct Jobs {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
};

void Worker(const std::shared_ptr<Jobs>& jobs) {
  std::unique_lock lock(jobs->mutex);
  ++g_about_to_block;
  jobs->changed.wait(lock, [&] { return jobs->ready; });
}

int main() {
  const auto jobs = std::make_shared<Jobs>();
  std::thread worker([jobs] { Worker(jobs); });
  AwaitBlocked(1);
  {
    const std::lock_guard lock(jobs->mutex);
    jobs->ready = true;
  }
  jobs->changed.notify_one();
  worker.join();
}
