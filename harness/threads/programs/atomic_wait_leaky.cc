// std::atomic::wait: libstdc++ enters the kernel through syscall().
#include <atomic>
#include <memory>
#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([word = std::make_shared<std::atomic<int>>(0)] {
    ++g_about_to_block;
    word->wait(0);
  }).detach();
  AwaitBlocked(1);
}
