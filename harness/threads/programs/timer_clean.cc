// Everybody waits without a time limit, and a timer's thread, which the C library keeps, wakes
// them.
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include <thread>

sem_t posted;

int main() {
  sem_init(&posted, 0, 0);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = [](sigval) { sem_post(&posted); };
  timer_t timer;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return 1;
  itimerspec span{};
  span.it_value.tv_sec = 1;
  timer_settime(timer, 0, &span, nullptr);
  std::thread waits([] {
    while (sem_wait(&posted) != 0) continue;
  });
  waits.join();
}
