// What a forked child starts and leaves is not written to what it shares with its parent, and its
// exit code stays.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  const pid_t child = fork();
  if (child == 0) {
    std::thread([word = std::make_shared<std::atomic<int>>(0)] {
      ++g_about_to_block;
      word->wait(0);
    }).detach();
    AwaitBlocked(1);
    std::exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0 ? 0 : 1;
}
