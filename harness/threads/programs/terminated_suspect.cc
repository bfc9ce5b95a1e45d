// Ended by SIGTERM: who is blocked where is said before. What main would have done, nobody knows.
#include <signal.h>

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
  raise(SIGTERM);
}
