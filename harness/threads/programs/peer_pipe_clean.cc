// Everybody here waits without a time limit, and another process writes to the pipe.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t peer = fork();
  if (peer == 0) {
    sleep(1);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  char byte = 0;
  std::thread waits([&] {
    if (read(ends[0], &byte, 1) != 1) byte = 0;
  });
  waits.join();
  waitpid(peer, nullptr, 0);
  return byte == 'x' ? 0 : 1;
}
