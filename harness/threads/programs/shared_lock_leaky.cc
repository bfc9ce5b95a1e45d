// A reader waits for a writer that has ended with the lock.
#include <shared_mutex>
#include <thread>

#include "harness/threads/programs/await.h"

std::shared_mutex mutex;

int main() {
  std::thread([] { mutex.lock(); }).join();
  std::thread([] {
    ++g_about_to_block;
    mutex.lock_shared();
  }).detach();
  AwaitBlocked(1);
}
