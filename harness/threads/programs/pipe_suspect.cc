// Reads a pipe into which nobody writes. Whoever has the other end might: never proven.
#include <unistd.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::thread([file = ends[0]] {
    char byte;
    ++g_about_to_block;
    if (read(file, &byte, 1) != 1) return;
  }).detach();
  AwaitBlocked(1, SYS_read);
}
