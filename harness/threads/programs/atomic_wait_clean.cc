// std::atomic::wait, notified.
#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::atomic<int> word{0};
  std::thread waiter([&] {
    ++g_about_to_block;
    word.wait(0);
  });
  AwaitBlocked(1);
  word = 1;
  word.notify_all();
  waiter.join();
}
