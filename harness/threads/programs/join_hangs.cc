// main joins a thread that never ends.
#include <atomic>
#include <thread>

int main() {
  std::thread worker([] {
    std::atomic<int> word{0};
    word.wait(0);
  });
  worker.join();
}
