// Another process may post it: never proven.
#include <semaphore.h>
#include <sys/mman.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* semaphore = static_cast<sem_t*>(memory);
  sem_init(semaphore, 1, 0);
  std::thread([=] {
    ++g_about_to_block;
    sem_wait(semaphore);
  }).detach();
  AwaitBlocked(1);
}
