// For the programs here, which know nothing of taskleak: waits until other threads stand where they
// are to be found, by the kernel's word and never for a time.
#ifndef TASKLEAK_HARNESS_THREADS_PROGRAMS_AWAIT_H_
#define TASKLEAK_HARNESS_THREADS_PROGRAMS_AWAIT_H_

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

// Each thread adds one when the next thing it does is to block.
inline std::atomic<int> g_about_to_block{0};

// Until `count` threads have said so and that many are in the system call `number`.
inline void AwaitBlocked(int count, long number = SYS_futex) {
  for (;;) {
    int blocked = 0;
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
      if (task.path().filename() == std::to_string(getpid())) continue;
      std::ifstream file(task.path() / "syscall");
      std::string call;
      if (file >> call) blocked += call == std::to_string(number) ? 1 : 0;
    }
    if (g_about_to_block >= count && blocked >= count) return;
    sched_yield();
  }
}

#endif  // TASKLEAK_HARNESS_THREADS_PROGRAMS_AWAIT_H_
