// Two threads, two mutexes, two orders.
#include <latch>
#include <mutex>
#include <thread>

#include "harness/threads/programs/await.h"

std::mutex a, b;

int main() {
  static std::latch both(2);
  const auto lock = [](std::mutex& first, std::mutex& second) {
    const std::lock_guard outer(first);
    both.arrive_and_wait();
    ++g_about_to_block;
    const std::lock_guard inner(second);
  };
  std::thread([&] { lock(a, b); }).detach();
  std::thread([&] { lock(b, a); }).detach();
  AwaitBlocked(2);
}
