// A future whose promise is never kept, and never broken.
#include <future>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    std::promise<int> promise;
    ++g_about_to_block;
    promise.get_future().get();
  }).detach();
  AwaitBlocked(1);
}
