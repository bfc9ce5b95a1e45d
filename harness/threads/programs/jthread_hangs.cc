// ~jthread asks for a stop that its thread does not look at.
#include <condition_variable>
#include <mutex>
#include <thread>

int main() {
  std::jthread worker([] {
    std::mutex mutex;
    std::condition_variable changed;
    std::unique_lock lock(mutex);
    for (;;) changed.wait(lock);
  });
}
