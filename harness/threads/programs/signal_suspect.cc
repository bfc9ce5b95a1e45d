// A signal's handler may post the semaphore: not proven.
#include <semaphore.h>
#include <signal.h>

#include <thread>

#include "harness/threads/programs/await.h"

sem_t* semaphore;

int main() {
  semaphore = new sem_t;
  sem_init(semaphore, 0, 0);
  signal(SIGUSR1, [](int) { sem_post(semaphore); });
  std::thread([waits = semaphore] {
    ++g_about_to_block;
    sem_wait(waits);
  }).detach();
  AwaitBlocked(1);
  semaphore = nullptr;  // Else it were an idle worker's.
}
