// Waits at an epoll for a descriptor that nothing writes to.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  const int events = epoll_create1(0);
  epoll_event event{};
  epoll_ctl(events, EPOLL_CTL_ADD, eventfd(0, 0), &event);
  std::thread([events] {
    epoll_event arrived{};
    ++g_about_to_block;
    epoll_wait(events, &arrived, 1, -1);
  }).detach();
  AwaitBlocked(1, SYS_epoll_wait);
}
