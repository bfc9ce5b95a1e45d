// A thread calls exit while main waits for one that never ends: what main would have done, nobody
// knows.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread waits([] {
    std::atomic<int> word{0};
    ++g_about_to_block;
    word.wait(0);
  });
  AwaitBlocked(1);
  std::thread([] { std::exit(0); }).detach();
  waits.join();
}
