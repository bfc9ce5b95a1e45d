// Waiting on a word, and a lock made of it. Linux's futex(2).
#ifndef TASKLEAK_RUNTIME_NATIVE_FUTEX_H_
#define TASKLEAK_RUNTIME_NATIVE_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <ctime>

namespace taskleak::internal {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(sizeof(FutexWord) == 4);

// Returns when the word is woken, when it is not `expected`, after `timeout` nanoseconds (negative:
// never), and at times for no reason: callers look again.
inline void FutexWait(FutexWord& word, std::uint32_t expected, std::int64_t timeout = -1) {
  timespec span{};
  if (timeout >= 0) {
    span.tv_sec = static_cast<time_t>(timeout / 1'000'000'000);
    span.tv_nsec = static_cast<long>(timeout % 1'000'000'000);
  }
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_PRIVATE, expected,
          timeout < 0 ? nullptr : &span, nullptr, 0);
}

inline void FutexWake(FutexWord& word, int count = 1) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE_PRIVATE, count, nullptr,
          nullptr, 0);
}

inline void SpinPause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// A lock for a few dozen instructions at a time: it spins a little before it sleeps. Not
// re-entrant. The word is 0 when free, 1 when held, 2 when held with somebody asleep (the third
// mutex of U. Drepper, "Futexes Are Tricky", 2011). Acquire and Release order as a mutex does.
class FutexLock {
 public:
  void Acquire() {
    std::uint32_t free = 0;
    if (!word_.compare_exchange_strong(free, 1, std::memory_order_acquire)) [[unlikely]]
      AcquireSlowly();
  }
  void Release() {
    if (word_.exchange(0, std::memory_order_release) == 2) [[unlikely]]
      FutexWake(word_);
  }

 private:
  [[gnu::noinline]] void AcquireSlowly() {
    for (int i = 0; i < kSpins; ++i) {
      std::uint32_t free = 0;
      if (word_.load(std::memory_order_relaxed) == 0 &&
          word_.compare_exchange_strong(free, 1, std::memory_order_acquire))
        return;
      SpinPause();
    }
    while (word_.exchange(2, std::memory_order_acquire) != 0) FutexWait(word_, 2);
  }

  static constexpr int kSpins = 100;
  FutexWord word_{0};
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_FUTEX_H_
