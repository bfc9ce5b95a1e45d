// Started before main.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

void Worker() {
  std::mutex mutex;
  std::condition_variable changed;
  std::unique_lock lock(mutex);
  ++g_about_to_block;
  for (;;) changed.wait(lock);
}

const bool started = [] {
  std::thread(Worker).detach();
  return true;
}();

int main() { AwaitBlocked(1); }
