// A thread that one of taskleak's own started, and that has its name from there, is no thread of
// taskleak's.
#include <pthread.h>

#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    pthread_setname_np(pthread_self(), "taskleak-like");
    std::thread([] {
      std::atomic<int> word{0};
      ++g_about_to_block;
      word.wait(0);
    }).detach();
  }).join();
  AwaitBlocked(1);
}
