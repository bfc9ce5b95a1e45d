// The wrapped calls that wait for a lock, a condition, a semaphore or a barrier. Where one would
// not block, nothing is noted: it is tried first.
#include "src/threads/look.h"
#include "src/threads/tracking.h"

using taskleak::internal::g_real;
using taskleak::internal::WaitNote;

// Notes the wait, calls, clears the note. A macro, since the note holds this frame's registers.
#define TASKLEAK_WAIT(kind, address, address2, timed, call)           \
  do {                                                                \
    WaitNote note(taskleak_v1_wait_##kind, address, address2, timed); \
    const auto result = call;                                         \
    note.End();                                                       \
    return result;                                                    \
  } while (false)

// A try that does not say "busy" is the call's own answer: taken, or an error that the call would
// give too.
#define TASKLEAK_TRY_FIRST(try_call, lock)        \
  do {                                            \
    const auto attempt = TASKLEAK_REAL(try_call); \
    if (!g_real.sanitized) {                      \
      const int taken = attempt(lock);            \
      if (taken != EBUSY) return taken;           \
    }                                             \
  } while (false)

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_cond_wait)(pthread_cond_t* cond, pthread_mutex_t* mutex) {
  TASKLEAK_WAIT(cond, cond, mutex, false, TASKLEAK_REAL(pthread_cond_wait)(cond, mutex));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_cond_timedwait)(pthread_cond_t* cond,
                                                          pthread_mutex_t* mutex,
                                                          const timespec* until) {
  TASKLEAK_WAIT(cond, cond, mutex, true, TASKLEAK_REAL(pthread_cond_timedwait)(cond, mutex, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_cond_clockwait)(pthread_cond_t* cond,
                                                          pthread_mutex_t* mutex, clockid_t clock,
                                                          const timespec* until) {
  TASKLEAK_WAIT(cond, cond, mutex, true,
                TASKLEAK_REAL(pthread_cond_clockwait)(cond, mutex, clock, until));
}

// It waits until nobody waits on it any more: for ever, if somebody does for ever. In the child of
// a fork whose only thread this is, whoever still waits is the parent's: nobody is waited for.
TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_cond_destroy)(pthread_cond_t* cond) noexcept {
  const auto real = TASKLEAK_REAL(pthread_cond_destroy);
  if (taskleak_v1_threads()->forked() != 0) {
    int tids[2];
    if (taskleak_v1_proc_threads(tids, 2) == 1) return 0;
  }
  TASKLEAK_WAIT(cond_destroy, cond, nullptr, false, real(cond));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_mutex_lock)(pthread_mutex_t* mutex) noexcept {
  TASKLEAK_TRY_FIRST(pthread_mutex_trylock, mutex);
  TASKLEAK_WAIT(mutex, mutex, nullptr, false, TASKLEAK_REAL(pthread_mutex_lock)(mutex));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_mutex_timedlock)(pthread_mutex_t* mutex,
                                                           const timespec* until) noexcept {
  TASKLEAK_TRY_FIRST(pthread_mutex_trylock, mutex);
  TASKLEAK_WAIT(mutex, mutex, nullptr, true, TASKLEAK_REAL(pthread_mutex_timedlock)(mutex, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_mutex_clocklock)(pthread_mutex_t* mutex, clockid_t clock,
                                                           const timespec* until) noexcept {
  TASKLEAK_TRY_FIRST(pthread_mutex_trylock, mutex);
  TASKLEAK_WAIT(mutex, mutex, nullptr, true,
                TASKLEAK_REAL(pthread_mutex_clocklock)(mutex, clock, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_rwlock_rdlock)(pthread_rwlock_t* lock) noexcept {
  TASKLEAK_TRY_FIRST(pthread_rwlock_tryrdlock, lock);
  TASKLEAK_WAIT(rdlock, lock, nullptr, false, TASKLEAK_REAL(pthread_rwlock_rdlock)(lock));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_rwlock_timedrdlock)(pthread_rwlock_t* lock,
                                                              const timespec* until) noexcept {
  TASKLEAK_TRY_FIRST(pthread_rwlock_tryrdlock, lock);
  TASKLEAK_WAIT(rdlock, lock, nullptr, true,
                TASKLEAK_REAL(pthread_rwlock_timedrdlock)(lock, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_rwlock_clockrdlock)(pthread_rwlock_t* lock,
                                                              clockid_t clock,
                                                              const timespec* until) noexcept {
  TASKLEAK_TRY_FIRST(pthread_rwlock_tryrdlock, lock);
  TASKLEAK_WAIT(rdlock, lock, nullptr, true,
                TASKLEAK_REAL(pthread_rwlock_clockrdlock)(lock, clock, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_rwlock_wrlock)(pthread_rwlock_t* lock) noexcept {
  TASKLEAK_TRY_FIRST(pthread_rwlock_trywrlock, lock);
  TASKLEAK_WAIT(wrlock, lock, nullptr, false, TASKLEAK_REAL(pthread_rwlock_wrlock)(lock));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_rwlock_timedwrlock)(pthread_rwlock_t* lock,
                                                              const timespec* until) noexcept {
  TASKLEAK_TRY_FIRST(pthread_rwlock_trywrlock, lock);
  TASKLEAK_WAIT(wrlock, lock, nullptr, true,
                TASKLEAK_REAL(pthread_rwlock_timedwrlock)(lock, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_rwlock_clockwrlock)(pthread_rwlock_t* lock,
                                                              clockid_t clock,
                                                              const timespec* until) noexcept {
  TASKLEAK_TRY_FIRST(pthread_rwlock_trywrlock, lock);
  TASKLEAK_WAIT(wrlock, lock, nullptr, true,
                TASKLEAK_REAL(pthread_rwlock_clockwrlock)(lock, clock, until));
}

// sem_trywait answers by errno, which a wait that succeeds leaves alone.
#define TASKLEAK_TRY_SEMAPHORE(semaphore)            \
  do {                                               \
    const auto attempt = TASKLEAK_REAL(sem_trywait); \
    const int before = errno;                        \
    if (attempt(semaphore) == 0) return 0;           \
    errno = before;                                  \
  } while (false)

TASKLEAK_EXPORT int TASKLEAK_CALL(sem_wait)(sem_t* semaphore) {
  TASKLEAK_TRY_SEMAPHORE(semaphore);
  TASKLEAK_WAIT(semaphore, semaphore, nullptr, false, TASKLEAK_REAL(sem_wait)(semaphore));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(sem_timedwait)(sem_t* semaphore, const timespec* until) {
  TASKLEAK_TRY_SEMAPHORE(semaphore);
  TASKLEAK_WAIT(semaphore, semaphore, nullptr, true,
                TASKLEAK_REAL(sem_timedwait)(semaphore, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(sem_clockwait)(sem_t* semaphore, clockid_t clock,
                                                 const timespec* until) {
  TASKLEAK_TRY_SEMAPHORE(semaphore);
  TASKLEAK_WAIT(semaphore, semaphore, nullptr, true,
                TASKLEAK_REAL(sem_clockwait)(semaphore, clock, until));
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_barrier_wait)(pthread_barrier_t* barrier) noexcept {
  TASKLEAK_WAIT(barrier, barrier, nullptr, false, TASKLEAK_REAL(pthread_barrier_wait)(barrier));
}
