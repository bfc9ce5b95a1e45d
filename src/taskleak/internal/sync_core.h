// The counted cores behind the locks and wait groups of sync.h. A parked frame touches only its
// core, never the handle, which may have died with the frame it stood in.
#ifndef TASKLEAK_INTERNAL_SYNC_CORE_H_
#define TASKLEAK_INTERNAL_SYNC_CORE_H_

#include <cstdint>

#include "taskleak/internal/object.h"
#include "taskleak/internal/pool.h"
#include "taskleak/internal/runtime.h"
#include "taskleak/internal/waiter.h"
#include "taskleak/site.h"

namespace taskleak::internal {

// A lock is often a member, or made by std::make_shared: the constructor's call site says little
// then, and the stack is kept. Channels and contexts are made by functions that the user calls.
class WithMaker {
 public:
  static constexpr std::size_t kMadeFrames = 8;
  std::uintptr_t made_stack[kMadeFrames] = {};  // Return addresses, innermost first; 0 ends them.

 protected:
  WithMaker();
};

template <ObjectKind kKind>
class SyncCore : public Object, public WithMaker, public Pooled {
 public:
  explicit SyncCore(const Site& site) : Object(kKind, site) {}
  virtual bool HasWaiters() = 0;

  // Parks the current task in a queue of this core until it is claimed; throws when it is being
  // unwound.
  void WaitIn(WaitQueue& queue, Runtime* runtime, const Operation& op, void* element = nullptr,
              bool in_front = false) {
    const internal::Ref<SyncCore> keep(this);
    std::uint32_t claim = 0;
    Waiter waiter;
    waiter.task = t_state.task;
    waiter.claim = &claim;
    waiter.element = element;
    if (in_front)
      queue.PushFront(&waiter);
    else
      queue.Push(&waiter);
    runtime->Park(op);
  }
};

class MutexCore final : public SyncCore<ObjectKind::kMutex> {
 public:
  explicit MutexCore(const Site& site) : SyncCore(site) {}
  bool HasWaiters() override { return !waiters.empty(); }
  bool locked = false;
  WaitQueue waiters;

 private:
  void Destroy() noexcept override { delete this; }
};

// As Go's: a writer first takes the writers' lock, then announces itself, then waits for the
// readers inside.
class RWMutexCore final : public SyncCore<ObjectKind::kRWMutex> {
 public:
  explicit RWMutexCore(const Site& site) : SyncCore(site) {}
  bool HasWaiters() override {
    return !readers_waiting.empty() || !writers_waiting.empty() || !draining.empty();
  }
  bool announced = false;    // A writer holds the writers' lock: later readers wait.
  std::int64_t readers = 0;  // Inside.
  WaitQueue readers_waiting;
  WaitQueue writers_waiting;  // For the writers' lock.
  WaitQueue draining;         // The announced writer, until the readers are out.

 private:
  void Destroy() noexcept override { delete this; }
};

class WaitGroupCore final : public SyncCore<ObjectKind::kWaitGroup> {
 public:
  explicit WaitGroupCore(const Site& site) : SyncCore(site) {}
  bool HasWaiters() override { return !waiters.empty(); }
  std::int64_t count = 0;
  WaitQueue waiters;

 private:
  void Destroy() noexcept override { delete this; }
};

class CondCore final : public SyncCore<ObjectKind::kCond> {
 public:
  explicit CondCore(const Site& site) : SyncCore(site) {}
  bool HasWaiters() override { return !waiters.empty(); }
  WaitQueue waiters;

 private:
  void Destroy() noexcept override { delete this; }
};

class OnceCore final : public SyncCore<ObjectKind::kOnce> {
 public:
  explicit OnceCore(const Site& site) : SyncCore(site) {}
  bool HasWaiters() override { return !waiters.empty(); }
  enum class State { kNew, kRunning, kDone } state = State::kNew;
  WaitQueue waiters;

 private:
  void Destroy() noexcept override { delete this; }
};

class SemaphoreCore final : public SyncCore<ObjectKind::kSemaphore> {
 public:
  explicit SemaphoreCore(const Site& site) : SyncCore(site) {}
  bool HasWaiters() override { return !waiters.empty(); }
  // Serves those who wait, in order, for as long as the first one's request fits.
  void Admit(Runtime* runtime) {
    for (Waiter* waiter = waiters.Front(); waiter != nullptr; waiter = waiters.Front()) {
      const std::int64_t request = *static_cast<const std::int64_t*>(waiter->element);
      if (free < request) return;
      free -= request;
      waiters.Claim(waiter);
      runtime->Unpark(waiter->task);
    }
  }
  std::int64_t free = 0;
  std::int64_t held = 0;
  bool sized = false;
  WaitQueue waiters;  // Each waiter's element is its std::int64_t request.

 private:
  void Destroy() noexcept override { delete this; }
};

// A handle's hold on its core: made in a run, it belongs to that run; made outside every run, it
// has a core for there, and gets a new one at its first touch in each run. One run at a time: a
// second one would take that core away.
template <class Core>
class CoreHolder {
 public:
  TASKLEAK_NO_TSAN explicit CoreHolder(const Site& site) : site_(site) {
    if (t_state.unwinding) return;
    const Exclusive exclusive(CurrentRuntime());
    core_ = Ref<Core>(new Core(site));
  }
  CoreHolder(const CoreHolder&) = delete;
  CoreHolder& operator=(const CoreHolder&) = delete;
  ~CoreHolder() {
    // While its task unwinds, nobody reads what happens to it; outside the run, nobody waits.
    if (t_state.run == 0 && core_ && core_->run == kNativeRun) AttachThread();
    const Ref<Core>& core = InRun() && in_run_ ? in_run_ : core_;
    if (!core || core->run != t_state.run || t_state.unwinding) return;
    const Exclusive exclusive(t_state.runtime);
    if (core->HasWaiters()) core->destroyed = true;
  }

  TASKLEAK_NO_TSAN const Ref<Core>& Get(OpKind kind, const Site& site) {
    if (!core_ || core_->run != t_state.run) [[unlikely]]
      return GetSlowly(kind, site);
    return core_;
  }

 private:
  [[gnu::noinline]] TASKLEAK_NO_TSAN const Ref<Core>& GetSlowly(OpKind kind, const Site& site) {
    if (!InRun() || !core_ || core_->run != kNativeRun) {
      EnterSlowly(core_.get(), kind, site);
      return core_;
    }
    const Exclusive exclusive(t_state.runtime);  // Two tasks may be the first.
    if (!in_run_ || in_run_->run != t_state.run) in_run_ = Ref<Core>(new Core(site_));
    return in_run_;
  }

  Ref<Core> core_;
  Ref<Core> in_run_;  // Of the run in progress, or of one that is over.
  Site site_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_SYNC_CORE_H_
