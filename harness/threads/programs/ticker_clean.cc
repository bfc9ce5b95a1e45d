// A detached thread that sleeps and works in turn is no leak.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) never.wait_for(lock, std::chrono::hours(1));
  }).detach();
  AwaitBlocked(1);
}
