// A joinable thread whose handle was lost while it waits.
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

int main() {
  static auto* const lost = new std::thread(Worker);
  static_cast<void>(lost);
  AwaitBlocked(1);
}
