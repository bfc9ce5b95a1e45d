// The wrapped calls that wait in the kernel: for a futex, a descriptor, time, a signal. Nothing can
// be tried first; the note costs some 10 ns beside a system call.
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "src/threads/tracking.h"

using taskleak::internal::WaitNote;

#define TASKLEAK_WAIT(kind, address, timed, call)                                                 \
  do {                                                                                            \
    WaitNote note(taskleak_v1_wait_##kind, static_cast<uintptr_t>(address), uintptr_t{0}, timed); \
    const auto result = call;                                                                     \
    note.End();                                                                                   \
    return result;                                                                                \
  } while (false)

namespace {

bool FutexWaits(long operation) {
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_WAIT_REQUEUE_PI:
      return true;
    default:
      return false;
  }
}

template <class T>
uintptr_t AddressOf(T* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

}  // namespace

// libstdc++ (std::future, std::atomic::wait, semaphores, latches) and Abseil wait through this.
TASKLEAK_EXPORT long TASKLEAK_CALL(syscall)(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long argument[6];
  for (long& value : argument) value = va_arg(list, long);
  va_end(list);
  const auto real = TASKLEAK_REAL(syscall);
  if (number != SYS_futex || !FutexWaits(argument[1]))
    return real(number, argument[0], argument[1], argument[2], argument[3], argument[4],
                argument[5]);
  TASKLEAK_WAIT(
      futex, argument[0], argument[3] != 0,
      real(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(nanosleep)(const timespec* span, timespec* rest) {
  TASKLEAK_WAIT(sleep, 0, true, TASKLEAK_REAL(nanosleep)(span, rest));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(clock_nanosleep)(clockid_t clock, int flags, const timespec* span,
                                                   timespec* rest) {
  TASKLEAK_WAIT(sleep, 0, true, TASKLEAK_REAL(clock_nanosleep)(clock, flags, span, rest));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(usleep)(useconds_t span) {
  TASKLEAK_WAIT(sleep, 0, true, TASKLEAK_REAL(usleep)(span));
}

TASKLEAK_EXPORT unsigned int TASKLEAK_CALL(sleep)(unsigned int seconds) {
  TASKLEAK_WAIT(sleep, 0, true, TASKLEAK_REAL(sleep)(seconds));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(poll)(pollfd* files, nfds_t count, int timeout) {
  TASKLEAK_WAIT(poll, AddressOf(files), timeout >= 0, TASKLEAK_REAL(poll)(files, count, timeout));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(ppoll)(pollfd* files, nfds_t count, const timespec* timeout,
                                         const sigset_t* mask) {
  TASKLEAK_WAIT(poll, AddressOf(files), timeout != nullptr,
                TASKLEAK_REAL(ppoll)(files, count, timeout, mask));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(select)(int count, fd_set* reads, fd_set* writes,
                                          fd_set* exceptions, timeval* timeout) {
  TASKLEAK_WAIT(poll, 0, timeout != nullptr,
                TASKLEAK_REAL(select)(count, reads, writes, exceptions, timeout));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pselect)(int count, fd_set* reads, fd_set* writes,
                                           fd_set* exceptions, const timespec* timeout,
                                           const sigset_t* mask) {
  TASKLEAK_WAIT(poll, 0, timeout != nullptr,
                TASKLEAK_REAL(pselect)(count, reads, writes, exceptions, timeout, mask));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(epoll_wait)(int file, epoll_event* events, int count,
                                              int timeout) {
  TASKLEAK_WAIT(epoll, file, timeout >= 0, TASKLEAK_REAL(epoll_wait)(file, events, count, timeout));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(epoll_pwait)(int file, epoll_event* events, int count,
                                               int timeout, const sigset_t* mask) {
  TASKLEAK_WAIT(epoll, file, timeout >= 0,
                TASKLEAK_REAL(epoll_pwait)(file, events, count, timeout, mask));
}

TASKLEAK_EXPORT ssize_t TASKLEAK_CALL(read)(int file, void* buffer, size_t size) {
  TASKLEAK_WAIT(read, file, false, TASKLEAK_REAL(read)(file, buffer, size));
}

TASKLEAK_EXPORT ssize_t TASKLEAK_CALL(recv)(int file, void* buffer, size_t size, int flags) {
  TASKLEAK_WAIT(read, file, false, TASKLEAK_REAL(recv)(file, buffer, size, flags));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(accept)(int file, sockaddr* address, socklen_t* size) {
  TASKLEAK_WAIT(accept, file, false, TASKLEAK_REAL(accept)(file, address, size));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(accept4)(int file, sockaddr* address, socklen_t* size,
                                           int flags) {
  TASKLEAK_WAIT(accept, file, false, TASKLEAK_REAL(accept4)(file, address, size, flags));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pause)(void) {
  TASKLEAK_WAIT(signal, 0, false, TASKLEAK_REAL(pause)());
}
