// Two threads, two mutexes, one order.
#include <mutex>
#include <thread>

std::mutex a, b;

int main() {
  const auto lock = [] {
    const std::lock_guard outer(a);
    const std::lock_guard inner(b);
  };
  std::thread one(lock);
  std::thread two(lock);
  one.join();
  two.join();
}
