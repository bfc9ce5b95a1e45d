// A barrier for two, with one.
#include <pthread.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  std::thread([] {
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 2);
    ++g_about_to_block;
    pthread_barrier_wait(&barrier);
  }).detach();
  AwaitBlocked(1);
}
