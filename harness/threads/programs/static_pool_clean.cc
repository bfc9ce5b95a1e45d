// A pool that a static destructor stops and joins: a process is judged when they have had their
// turn.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/threads/programs/await.h"

class Pool {
 public:
  Pool() {
    for (int i = 0; i < 3; ++i) workers_.emplace_back([this] { Work(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    ++g_about_to_block;
    changed_.wait(lock, [this] { return stop_; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

Pool pool;

int main() { AwaitBlocked(3); }
