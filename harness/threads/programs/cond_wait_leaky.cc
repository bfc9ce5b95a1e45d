// A waiter that nobody notifies: its state was given to it alone.
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
  std::thread([jobs = std::make_shared<Jobs>()] { Worker(jobs); }).detach();
  AwaitBlocked(1);
}
