// A thread locks a mutex that it holds.
#include <pthread.h>

#include <thread>

#include "harness/threads/programs/await.h"

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int main() {
  std::thread([] {
    pthread_mutex_lock(&mutex);
    ++g_about_to_block;
    pthread_mutex_lock(&mutex);
  }).detach();
  AwaitBlocked(1);
}
