// exit waits in pthread_cond_destroy for a leaked waiter.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  static struct {
    std::mutex mutex;
    std::condition_variable changed;
  } jobs;
  std::thread([] {
    std::unique_lock lock(jobs.mutex);
    ++g_about_to_block;
    for (;;) jobs.changed.wait(lock);
  }).detach();
  AwaitBlocked(1);
}
