// Readers wait for a writer, and get the lock.
#include <shared_mutex>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::shared_mutex mutex;
  mutex.lock();
  const auto read = [&] {
    ++g_about_to_block;
    const std::shared_lock lock(mutex);
  };
  std::thread one(read);
  std::thread other(read);
  AwaitBlocked(2);
  mutex.unlock();
  one.join();
  other.join();
}
