#include "src/threads/proc.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "src/threads/bytes.h"
#include "src/threads/thread_table.h"

// Raw system calls throughout: the C library's read and open are wrapped, by us or by a sanitizer,
// and must not be seen to block a thread that only looks.
namespace {

class Text {
 public:
  explicit Text(const char* at) : at_(at) {}
  bool AtDigit() const { return *at_ >= '0' && *at_ <= '9'; }
  bool At(char c) const { return *at_ == c; }
  void SkipSpaces() {
    while (*at_ == ' ' || *at_ == '\t') ++at_;
  }
  uint64_t Decimal() {
    SkipSpaces();
    uint64_t value = 0;
    for (; AtDigit(); ++at_) value = value * 10 + static_cast<uint64_t>(*at_ - '0');
    return value;
  }
  uint64_t Hexadecimal() {
    SkipSpaces();
    if (at_[0] == '0' && at_[1] == 'x') at_ += 2;
    uint64_t value = 0;
    for (;; ++at_) {
      if (AtDigit()) {
        value = value * 16 + static_cast<uint64_t>(*at_ - '0');
      } else if (*at_ >= 'a' && *at_ <= 'f') {
        value = value * 16 + static_cast<uint64_t>(*at_ - 'a' + 10);
      } else {
        return value;
      }
    }
  }

 private:
  const char* at_;
};

// Reads a small file of /proc/self/task/TID whole; false when it cannot be read.
bool ReadFile(int tid, const char* name, char* out, size_t size) {
  char path[64] = "/proc/self/task/";
  char digits[16];
  int count = 0;
  for (int rest = tid; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  char* at = path + sizeof("/proc/self/task/") - 1;
  while (count > 0) *at++ = digits[--count];
  *at++ = '/';
  taskleak::internal::CopyText(at, name, static_cast<size_t>(path + sizeof(path) - at));
  const long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const long got = syscall(SYS_read, file, out, size - 1);
  syscall(SYS_close, file);
  if (got <= 0) return false;
  out[got] = '\0';
  return true;
}

bool Null(uint64_t pointer) { return pointer == 0; }

taskleak_v1_proc_wait Futex(const taskleak_v1_proc& proc) {
  const int operation = static_cast<int>(proc.arguments[1]);
  taskleak_v1_proc_wait wait{};
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_WAIT_REQUEUE_PI:
      wait.kind = taskleak_v1_wait_futex;
      wait.timed = !Null(proc.arguments[3]);
      wait.process_shared = (operation & FUTEX_PRIVATE_FLAG) == 0;
      wait.address = proc.arguments[0];
      break;
    default:
      break;
  }
  return wait;
}

}  // namespace

extern "C" {

void taskleak_v1_proc_read(int tid, taskleak_v1_proc* out) {
  taskleak::internal::ClearBytes(out, sizeof(*out));
  out->system_call = -1;
  char text[256];
  if (!ReadFile(tid, "comm", text, sizeof(text))) return;
  out->alive = 1;
  for (size_t i = 0; i + 1 < sizeof(out->comm) && text[i] != '\0' && text[i] != '\n'; ++i)
    out->comm[i] = text[i];
  if (ReadFile(tid, "schedstat", text, sizeof(text))) {
    Text fields(text);
    out->cpu_ns = fields.Decimal();
    fields.Decimal();  // How long it waited for a processor.
    out->switches = fields.Decimal();
  }
  if (!ReadFile(tid, "syscall", text, sizeof(text))) return;
  out->readable = 1;
  Text fields(text);
  if (!fields.AtDigit()) {  // "running", or "-1 sp pc": blocked outside a system call.
    out->running = 1;
    return;
  }
  out->system_call = static_cast<int32_t>(fields.Decimal());
  for (uint64_t& argument : out->arguments) argument = fields.Hexadecimal();
}

size_t taskleak_v1_proc_threads(int* out, size_t capacity) {
  const long directory =
      syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return 0;
  struct Entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  size_t found = 0;
  alignas(8) char buffer[4096];
  for (;;) {
    const long got = syscall(SYS_getdents64, directory, buffer, sizeof(buffer));
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      Text name(buffer + at + offsetof(Entry, name));
      if (name.AtDigit()) {
        if (found < capacity) out[found] = static_cast<int>(name.Decimal());
        ++found;
      }
      at += entry->length;
    }
  }
  syscall(SYS_close, directory);
  return found;
}

void taskleak_v1_pause(int64_t nanoseconds) {
  timespec span{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &span, nullptr);
}

taskleak_v1_proc_wait taskleak_v1_proc_wait_of(const taskleak_v1_proc* proc) {
  const uint64_t* argument = proc->arguments;
  const auto wait = [](int kind, bool timed, uint64_t address) {
    return taskleak_v1_proc_wait{static_cast<uint8_t>(kind), static_cast<uint8_t>(timed), 1,
                                 address};
  };
  const bool for_ever = static_cast<int32_t>(argument[2]) < 0;  // poll's own time limit.
  switch (proc->system_call) {
    case -1:
      return {};
    case SYS_futex:
      return Futex(*proc);
    case SYS_read:
    case SYS_pread64:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
      return wait(taskleak_v1_wait_read, false, argument[0]);
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_sendto:
    case SYS_sendmsg:
      return wait(taskleak_v1_wait_write, false, argument[0]);
#if defined(SYS_accept)
    case SYS_accept:
#endif
    case SYS_accept4:
      return wait(taskleak_v1_wait_accept, false, argument[0]);
#if defined(SYS_poll)
    case SYS_poll:
      return wait(taskleak_v1_wait_poll, !for_ever, argument[0]);
    case SYS_select:
      return wait(taskleak_v1_wait_poll, !Null(argument[4]), 0);
    case SYS_epoll_wait:
      return wait(taskleak_v1_wait_epoll, static_cast<int32_t>(argument[3]) >= 0, argument[0]);
#endif
    case SYS_ppoll:
      return wait(taskleak_v1_wait_poll, !Null(argument[2]), argument[0]);
    case SYS_pselect6:
      return wait(taskleak_v1_wait_poll, !Null(argument[4]), 0);
    case SYS_epoll_pwait:
      return wait(taskleak_v1_wait_epoll, static_cast<int32_t>(argument[3]) >= 0, argument[0]);
#if defined(SYS_epoll_pwait2)
    case SYS_epoll_pwait2:
      return wait(taskleak_v1_wait_epoll, !Null(argument[3]), argument[0]);
#endif
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
      return wait(taskleak_v1_wait_sleep, true, 0);
#if defined(SYS_pause)
    case SYS_pause:
#endif
    case SYS_rt_sigsuspend:
      return wait(taskleak_v1_wait_signal, false, 0);
    case SYS_rt_sigtimedwait:
      return wait(taskleak_v1_wait_signal, !Null(argument[2]), 0);
    default:
      return wait(taskleak_v1_wait_system_call, false, 0);
  }
}

}  // extern "C"
