// A child ends beside a waiter of its parent's on a static condition variable, whose destructor
// would wait for it for ever: it ends nevertheless, and what the parent does is reported, once.
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

std::mutex mutex;
std::condition_variable changed;

int main() {
  std::thread([] {
    std::unique_lock lock(mutex);
    ++g_about_to_block;
    for (;;) changed.wait(lock);
  }).detach();
  AwaitBlocked(1);
  const pid_t child = fork();
  if (child == 0) std::exit(7);
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : 1;
}
