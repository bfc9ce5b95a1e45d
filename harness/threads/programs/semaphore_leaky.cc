// Waits for a semaphore that nobody posts.
#include <semaphore.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    ++g_about_to_block;
    sem_wait(&semaphore);
  }).detach();
  AwaitBlocked(1);
}
