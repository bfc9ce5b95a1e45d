// Everybody waits without a time limit, and a signal's handler wakes them.
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

sem_t posted;

int main() {
  sem_init(&posted, 0, 0);
  signal(SIGALRM, [](int) { sem_post(&posted); });
  alarm(1);
  std::thread waits([] {
    while (sem_wait(&posted) != 0) continue;
  });
  waits.join();
}
