// One thread waits for another's end, which waits for ever.
#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    std::thread inner([] {
      std::atomic<int> word{0};
      ++g_about_to_block;
      word.wait(0);
    });
    ++g_about_to_block;
    inner.join();
  }).detach();
  AwaitBlocked(2);
}
