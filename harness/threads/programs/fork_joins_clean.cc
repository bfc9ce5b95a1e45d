// A child whose exit runs the destructor of a pool: the threads it joins are its parent's, and
// never end there.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "harness/threads/programs/await.h"

std::atomic<int> word{0};

struct Joins {
  std::thread thread;
  ~Joins() {
    word = 1;
    word.notify_all();
    thread.join();
  }
};

int main() {
  static Joins pool{std::thread([] {
    ++g_about_to_block;
    word.wait(0);
  })};
  AwaitBlocked(1);
  const pid_t child = fork();
  if (child == 0) std::exit(7);
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : 1;
}
