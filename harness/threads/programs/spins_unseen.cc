// A hole: a thread that goes round for ever is not blocked.
#include <atomic>
#include <thread>

#include "harness/threads/programs/await.h"

std::atomic<bool> stop{false};

int main() {
  std::thread([] {
    ++g_about_to_block;
    while (!stop) sched_yield();
  }).detach();
  while (g_about_to_block == 0) sched_yield();
}
