// Pools that live for the process, each made by whichever test first wants it: no test is charged,
// in whatever order and company the tests run.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/threads/programs/await.h"

namespace {

class Pool {
 public:
  Pool() {
    for (int i = 0; i < 2; ++i) workers_.emplace_back([this] { Work(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  // Runs one job, and returns when it is done.
  void Run() {
    std::unique_lock lock(mutex_);
    const int done = done_ + 1;
    ++jobs_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return done_ >= done; });
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return jobs_ > 0 || stop_; });
      if (stop_) return;
      --jobs_;
      ++done_;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int jobs_ = 0;
  int done_ = 0;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

Pool& StaticLocal() {
  static Pool pool;
  return pool;
}

Pool& LeakedSingleton() {
  static auto* const pool = new Pool;
  return *pool;
}

std::once_flag once;
Pool* made_once = nullptr;

Pool& ByCallOnce() {
  std::call_once(once, [] { made_once = new Pool; });
  return *made_once;
}

TEST(StaticLocal, First) { StaticLocal().Run(); }
TEST(StaticLocal, Second) { StaticLocal().Run(); }
TEST(LeakedSingleton, First) { LeakedSingleton().Run(); }
TEST(LeakedSingleton, Second) { LeakedSingleton().Run(); }
TEST(CallOnce, First) { ByCallOnce().Run(); }
TEST(CallOnce, Second) { ByCallOnce().Run(); }

}  // namespace
