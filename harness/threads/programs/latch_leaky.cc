// A latch that nobody counts down.
#include <latch>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    std::latch latch(1);
    ++g_about_to_block;
    latch.wait();
  }).detach();
  AwaitBlocked(1);
}
