// The destructor of a joinable thread ends the process: what it is blocked in is said.
#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  const std::thread waits([] {
    std::atomic<int> word{0};
    ++g_about_to_block;
    word.wait(0);
  });
  AwaitBlocked(1);
}
