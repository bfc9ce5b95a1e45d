// Waits for a semaphore that is posted.
#include <semaphore.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  std::thread waiter([&] {
    ++g_about_to_block;
    sem_wait(&semaphore);
  });
  AwaitBlocked(1);
  sem_post(&semaphore);
  waiter.join();
  sem_destroy(&semaphore);
}
