// Polls without a time limit.
#include <poll.h>
#include <unistd.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::thread([file = ends[0]] {
    pollfd waits{file, POLLIN, 0};
    ++g_about_to_block;
    poll(&waits, 1, -1);
  }).detach();
  AwaitBlocked(1, SYS_poll);
}
