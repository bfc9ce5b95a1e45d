// A waiter that nobody notifies, whose state lies behind a string that a static variable leads to.
// The string's pointer to its own text is into the middle of its block, and leads no further.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "harness/threads/programs/await.h"

struct Jobs {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
};

struct Label {
  std::string text = "short";
};

Label* g_label = nullptr;

void Worker(const std::shared_ptr<Jobs>& jobs) {
  std::unique_lock lock(jobs->mutex);
  ++g_about_to_block;
  jobs->changed.wait(lock, [&] { return jobs->ready; });
}

int main() {
  g_label = new Label;
  auto jobs = std::make_shared<Jobs>();
  std::thread([jobs = std::move(jobs)] { Worker(jobs); }).detach();
  AwaitBlocked(1);
}
