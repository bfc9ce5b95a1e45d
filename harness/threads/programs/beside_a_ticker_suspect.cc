// A waiter that nobody notifies, and a thread with a time limit that might: not proven.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  const auto word = std::make_shared<std::atomic<int>>(0);
  std::thread([word] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) {
      never.wait_for(lock, std::chrono::hours(1));
      word->store(1);
      word->notify_all();
    }
  }).detach();
  std::thread([word] {
    ++g_about_to_block;
    word->wait(0);
  }).detach();
  AwaitBlocked(2);
}
