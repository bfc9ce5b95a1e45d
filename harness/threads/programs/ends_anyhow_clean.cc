// Threads that end by pthread_exit and by cancellation.
#include <pthread.h>
#include <unistd.h>

int main() {
  pthread_t exits, cancelled;
  pthread_create(&exits, nullptr, [](void*) -> void* { pthread_exit(nullptr); }, nullptr);
  pthread_create(
      &cancelled, nullptr,
      [](void*) -> void* {
        for (;;) pause();
      },
      nullptr);
  pthread_join(exits, nullptr);
  pthread_cancel(cancelled);
  pthread_join(cancelled, nullptr);
}
