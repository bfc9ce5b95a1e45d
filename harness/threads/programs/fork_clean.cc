// A child has none of its parent's threads: it says nothing, and its exit code stays.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::atomic<int> word{0};
  std::thread waiter([&] {
    ++g_about_to_block;
    word.wait(0);
  });
  AwaitBlocked(1);
  const pid_t child = fork();
  if (child == 0) std::exit(0);
  int status = -1;
  waitpid(child, &status, 0);
  word = 1;
  word.notify_all();
  waiter.join();
  return status == 0 ? 0 : 1;
}
