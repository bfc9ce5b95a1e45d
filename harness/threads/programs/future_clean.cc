// A future whose promise is kept.
#include <future>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::promise<int> promise;
  std::thread waits([future = promise.get_future()]() mutable {
    ++g_about_to_block;
    future.get();
  });
  AwaitBlocked(1);
  promise.set_value(1);
  waits.join();
}
