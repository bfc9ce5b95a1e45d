// std::async, whose future was given away so that no destructor waits for it.
#include <condition_variable>
#include <future>
#include <mutex>

#include "harness/threads/programs/await.h"

int main() {
  static auto* const kept = new auto(std::async(std::launch::async, [] {
    std::mutex mutex;
    std::condition_variable changed;
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) changed.wait(lock);
  }));
  static_cast<void>(kept);
  AwaitBlocked(1);
}
