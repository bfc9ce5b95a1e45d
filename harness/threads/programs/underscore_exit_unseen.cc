// A hole: whoever ends by _exit asks nobody.
#include <unistd.h>

#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    std::atomic<int> word{0};
    ++g_about_to_block;
    word.wait(0);
  }).detach();
  AwaitBlocked(1);
  _exit(0);
}
