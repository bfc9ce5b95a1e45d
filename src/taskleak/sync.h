// Go's sync package (and errgroup, semaphore): locks and waits. None of these is copyable or
// movable. The locks have no owner and are not re-entrant; they are C++ Lockables too.
//
// One made outside every run (a global, a static) starts afresh at its first touch in each run:
// unlocked, not done, zero. One that dies while tasks wait on it leaves its waiters blocked for
// ever, as the report then says.
#ifndef TASKLEAK_SYNC_H_
#define TASKLEAK_SYNC_H_

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "taskleak/context.h"
#include "taskleak/internal/spawn.h"
#include "taskleak/internal/sync_core.h"
#include "taskleak/site.h"
#include "taskleak/task.h"

namespace taskleak {

// Go's sync.Mutex in its normal mode: an unlock wakes the longest waiter, and a task that comes by
// may be faster. Unlocking an unlocked mutex panics; any task may unlock.
class Mutex {
 public:
  explicit Mutex(const Site& site = Site::Here()) : core_(site) {}

  void Lock(const Site& site = Site::Here());
  void Unlock(const Site& site = Site::Here());
  bool TryLock(const Site& site = Site::Here());

  void lock(const Site& site = Site::Here()) { Lock(site); }
  void unlock(const Site& site = Site::Here()) { Unlock(site); }
  bool try_lock(const Site& site = Site::Here()) { return TryLock(site); }

 private:
  internal::CoreHolder<internal::MutexCore> core_;
};

// Go's sync.RWMutex: a waiting writer stops later readers; a writer's unlock first admits the
// readers that already wait.
class RWMutex {
 public:
  explicit RWMutex(const Site& site = Site::Here()) : core_(site) {}

  void Lock(const Site& site = Site::Here());
  void Unlock(const Site& site = Site::Here());
  bool TryLock(const Site& site = Site::Here());
  void RLock(const Site& site = Site::Here());
  void RUnlock(const Site& site = Site::Here());
  bool TryRLock(const Site& site = Site::Here());

  void lock(const Site& site = Site::Here()) { Lock(site); }
  void unlock(const Site& site = Site::Here()) { Unlock(site); }
  bool try_lock(const Site& site = Site::Here()) { return TryLock(site); }
  void lock_shared(const Site& site = Site::Here()) { RLock(site); }
  void unlock_shared(const Site& site = Site::Here()) { RUnlock(site); }
  bool try_lock_shared(const Site& site = Site::Here()) { return TryRLock(site); }

  // A view whose Lock and Unlock are RLock and RUnlock.
  class ReadLocker {
   public:
    explicit ReadLocker(RWMutex* mutex) : mutex_(mutex) {}
    void Lock(const Site& site = Site::Here()) { mutex_->RLock(site); }
    void Unlock(const Site& site = Site::Here()) { mutex_->RUnlock(site); }
    void lock(const Site& site = Site::Here()) { mutex_->RLock(site); }
    void unlock(const Site& site = Site::Here()) { mutex_->RUnlock(site); }

   private:
    RWMutex* mutex_;
  };
  ReadLocker RLocker() { return ReadLocker(this); }

 private:
  internal::CoreHolder<internal::RWMutexCore> core_;
};

// Waits until a number of tasks are done. Below zero it panics.
class WaitGroup {
 public:
  explicit WaitGroup(const Site& site = Site::Here()) : core_(site) {}

  void Add(std::int64_t n, const Site& site = Site::Here());
  void Done(const Site& site = Site::Here());
  void Wait(const Site& site = Site::Here());

  // Add(1), and a task that ends with Done().
  template <class F>
    requires std::is_invocable_v<std::decay_t<F>&>
  void Go(std::string_view name, F&& f, const Site& site = Site::Here()) {
    if (internal::Unwinding()) return;
    Add(1, site);
    internal::Spawn(
        name,
        [this, f = std::forward<F>(f), site]() mutable {
          f();
          Done(site);
        },
        site);
  }
  template <class F>
    requires std::is_invocable_v<std::decay_t<F>&>
  void Go(F&& f, const Site& site = Site::Here()) {
    Go(std::string_view(), std::forward<F>(f), site);
  }

 private:
  void Change(std::int64_t n, internal::OpKind kind, const Site& site);
  internal::CoreHolder<internal::WaitGroupCore> core_;
};

template <class L>
concept BasicLockable = requires(L& lock) {
  lock.lock();
  lock.unlock();
};

// A condition variable on any BasicLockable, without a predicate of its own. The lock must outlive
// it.
class Cond {
 public:
  template <BasicLockable L>
  explicit Cond(L& lock, const Site& site = Site::Here())
      : core_(site),
        lock_(&lock),
        acquire_([](void* l) { static_cast<L*>(l)->lock(); }),
        release_([](void* l) { static_cast<L*>(l)->unlock(); }) {}
  Cond(const Cond&) = delete;
  Cond& operator=(const Cond&) = delete;

  // Called with the lock held: gives it up, waits to be woken, takes it again.
  void Wait(const Site& site = Site::Here());
  void Signal(const Site& site = Site::Here());     // Wakes the longest waiter, if there is one.
  void Broadcast(const Site& site = Site::Here());  // Wakes all.

 private:
  internal::CoreHolder<internal::CondCore> core_;
  void* lock_;
  void (*acquire_)(void*);
  void (*release_)(void*);
};

// Runs a function once. A second caller blocks until the first is done; a call from within blocks
// for ever, as in Go. A function that throws counts as done.
class Once {
 public:
  explicit Once(const Site& site = Site::Here()) : core_(site) {}

  template <class F>
  void Do(F&& f, const Site& site = Site::Here()) {
    if (internal::Unwinding() || !Enter(site)) return;
    struct Leave {
      Once* once;
      internal::Ref<internal::OnceCore> core;
      ~Leave() { Once::Finish(core); }
    } leave{this, core_.Get(internal::OpKind::kOnce, site)};
    std::forward<F>(f)();
  }

 private:
  bool Enter(const Site& site);  // True for the caller that is to run the function.
  static void Finish(const internal::Ref<internal::OnceCore>& core);
  internal::CoreHolder<internal::OnceCore> core_;
};

// A weighted semaphore (golang.org/x/sync/semaphore): waiters are served in order, so that a large
// request is not starved by small ones.
class Semaphore {
 public:
  explicit Semaphore(std::int64_t n, const Site& site = Site::Here()) : core_(site), size_(n) {}

  void Acquire(std::int64_t n = 1, const Site& site = Site::Here());
  // False, with nothing acquired, if the context ended first.
  bool Acquire(const Context& context, std::int64_t n = 1, const Site& site = Site::Here());
  bool TryAcquire(std::int64_t n = 1, const Site& site = Site::Here());
  // Releasing more than is held panics.
  void Release(std::int64_t n = 1, const Site& site = Site::Here());

 private:
  internal::Ref<internal::SemaphoreCore> Core(internal::OpKind kind, const Site& site);
  internal::CoreHolder<internal::SemaphoreCore> core_;
  const std::int64_t size_;
};

// Tasks that work on one thing (golang.org/x/sync/errgroup): the first error ends the context and
// is what Wait throws.
class ErrGroup {
 public:
  explicit ErrGroup(Context parent = Background(), const Site& site = Site::Here());
  ErrGroup(const ErrGroup&) = delete;
  ErrGroup& operator=(const ErrGroup&) = delete;

  // Ends when the first task fails, or when Wait returns.
  Context Ctx() const { return context_; }

  // At most n tasks at a time; a further Go blocks. Below zero: no limit. Set before the first Go.
  void SetLimit(std::int64_t n, const Site& site = Site::Here());

  // Starts a task. It fails by returning a non-null std::exception_ptr, or by throwing anything but
  // a Panic.
  template <class F>
    requires std::is_invocable_v<std::decay_t<F>&>
  void Go(std::string_view name, F&& f, const Site& site = Site::Here()) {
    if (internal::Unwinding()) return;
    Begin(site);
    internal::Spawn(name, [this, f = std::forward<F>(f), site]() mutable { Run(f, site); }, site);
  }
  template <class F>
    requires std::is_invocable_v<std::decay_t<F>&>
  void Go(F&& f, const Site& site = Site::Here()) {
    Go(std::string_view(), std::forward<F>(f), site);
  }

  // Waits for all tasks, ends the context, and rethrows the first error.
  void Wait(const Site& site = Site::Here());

 private:
  void Begin(const Site& site);
  void End(std::exception_ptr error, const Site& site);
  template <class F>
  void Run(F& f, const Site& site) {
    std::exception_ptr error;
    try {
      if constexpr (std::is_same_v<std::invoke_result_t<F&>, std::exception_ptr>) {
        error = f();
      } else {
        f();
      }
    } catch (const internal::Unwind&) {
      throw;
    } catch (const Panic&) {
      throw;
    } catch (...) {  // Whatever it is, it is the task's error.
      error = std::current_exception();
    }
    End(std::move(error), site);
  }

  WaitGroup tasks_;
  Context context_;
  CancelCauseFunc cancel_;
  Chan<Unit> slots_;  // Nil: no limit.
  std::exception_ptr error_;
};

}  // namespace taskleak

#endif  // TASKLEAK_SYNC_H_
