// ~jthread asks for the stop and waits.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::jthread worker([&](const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    changed.wait(lock, stop, [] { return false; });
  });
  AwaitBlocked(1);
}
