// The platform's calls that are wrapped: one table, from which the real functions, the definitions
// (calls_*.cc) and the tests of what is exported are made. Nothing here assumes that a task is an
// OS thread: another behaviour of the same table may make it a fiber.
//
// X(name, version): the symbol version that a caller linked today gets; "" where there is only one.
// dlsym alone would answer with the oldest: pthread_cond_* of GLIBC_2.2.5 take another structure.
#ifndef TASKLEAK_THREADS_CALLS_H_
#define TASKLEAK_THREADS_CALLS_H_

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define TASKLEAK_COND_VERSION "GLIBC_2.3.2"
#else
#define TASKLEAK_COND_VERSION ""
#endif

#define TASKLEAK_THREAD_CALLS(X) \
  X(pthread_create, "")          \
  X(pthread_join, "")            \
  X(pthread_tryjoin_np, "")      \
  X(pthread_timedjoin_np, "")    \
  X(pthread_clockjoin_np, "")    \
  X(pthread_detach, "")          \
  X(pthread_setname_np, "")

#define TASKLEAK_LOCK_CALLS(X)                     \
  X(pthread_cond_wait, TASKLEAK_COND_VERSION)      \
  X(pthread_cond_timedwait, TASKLEAK_COND_VERSION) \
  X(pthread_cond_clockwait, "")                    \
  X(pthread_cond_destroy, TASKLEAK_COND_VERSION)   \
  X(pthread_mutex_lock, "")                        \
  X(pthread_mutex_timedlock, "")                   \
  X(pthread_mutex_clocklock, "")                   \
  X(pthread_rwlock_rdlock, "")                     \
  X(pthread_rwlock_timedrdlock, "")                \
  X(pthread_rwlock_clockrdlock, "")                \
  X(pthread_rwlock_wrlock, "")                     \
  X(pthread_rwlock_timedwrlock, "")                \
  X(pthread_rwlock_clockwrlock, "")                \
  X(sem_wait, "")                                  \
  X(sem_timedwait, "")                             \
  X(sem_clockwait, "")                             \
  X(pthread_barrier_wait, "")

#define TASKLEAK_SYSTEM_CALLS(X) \
  X(syscall, "")                 \
  X(nanosleep, "")               \
  X(clock_nanosleep, "")         \
  X(usleep, "")                  \
  X(sleep, "")                   \
  X(poll, "")                    \
  X(ppoll, "")                   \
  X(select, "")                  \
  X(pselect, "")                 \
  X(epoll_wait, "")              \
  X(epoll_pwait, "")             \
  X(read, "")                    \
  X(recv, "")                    \
  X(accept, "")                  \
  X(accept4, "")                 \
  X(pause, "")

#define TASKLEAK_WRAPPED_CALLS(X) \
  TASKLEAK_THREAD_CALLS(X)        \
  TASKLEAK_LOCK_CALLS(X)          \
  TASKLEAK_SYSTEM_CALLS(X)

// Not wrapped, but asked first: whether a wait would be one.
#define TASKLEAK_TRY_CALLS(X)     \
  X(pthread_mutex_trylock, "")    \
  X(pthread_rwlock_tryrdlock, "") \
  X(pthread_rwlock_trywrlock, "") \
  X(sem_trywait, "")

#endif  // TASKLEAK_THREADS_CALLS_H_
