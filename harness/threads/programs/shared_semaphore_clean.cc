// Everybody here waits without a time limit, and another process wakes them.
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

int main() {
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* posted = static_cast<sem_t*>(memory);
  sem_init(posted, 1, 0);
  const pid_t peer = fork();
  if (peer == 0) {
    sleep(1);
    sem_post(posted);
    _exit(0);
  }
  std::thread waits([=] {
    while (sem_wait(posted) != 0) continue;
  });
  waits.join();
  waitpid(peer, nullptr, 0);
}
