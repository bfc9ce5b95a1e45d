// The arguments that this program was started with, from the kernel: a library's constructor is
// given them by some C libraries only.
#ifndef TASKLEAK_THREADS_PRELOAD_COMMAND_LINE_H_
#define TASKLEAK_THREADS_PRELOAD_COMMAND_LINE_H_

#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace taskleak::internal {

// For one thread. A list of more than some 8,000 bytes is cut.
class CommandLine {
 public:
  CommandLine() {
    const long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    const long got = syscall(SYS_read, file, text_, sizeof(text_) - 1);
    syscall(SYS_close, file);
    if (got > 0) size_ = static_cast<size_t>(got);
    text_[size_] = '\0';
  }

  // The next one, the program first; null: there are no more.
  const char* Next() {
    if (at_ >= size_) return nullptr;
    const char* argument = text_ + at_;
    at_ += strlen(argument) + 1;
    return argument;
  }

 private:
  char text_[8192] = {};
  size_t size_ = 0;
  size_t at_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_COMMAND_LINE_H_
