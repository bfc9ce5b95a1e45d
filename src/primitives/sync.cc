// WaitGroup, Cond, Once, Semaphore, ErrGroup.
#include "taskleak/sync.h"

#include <utility>

#include "src/primitives/operation.h"
#include "src/primitives/order.h"
#include "src/runtime/sanitizer.h"
#include "taskleak/select.h"

namespace taskleak {

using internal::CondCore;
using internal::End;
using internal::Finish;
using internal::OnceCore;
using internal::Operation;
using internal::OpKind;
using internal::OrderAcquire;
using internal::OrderRelease;
using internal::Panicked;
using internal::Ref;
using internal::Runtime;
using internal::SemaphoreCore;
using internal::t_state;
using internal::Unwinding;
using internal::Waiter;
using internal::WaitGroupCore;
namespace outcome = internal::outcome;

void WaitGroup::Change(std::int64_t n, OpKind kind, const Site& site) {
  const Ref<WaitGroupCore> core = core_.Get(kind, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = kind, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->count + n < 0) Panicked(runtime, op, "negative WaitGroup counter");
  core->count += n;
  if (n < 0) OrderRelease(core.get());
  if (core->count == 0) {
    while (Waiter* waiter = core->waiters.Pop()) runtime->Unpark(waiter->task);
  }
  Finish(runtime, op, *core, End::kFeeds);
}

void WaitGroup::Add(std::int64_t n, const Site& site) {
  if (!Unwinding()) Change(n, OpKind::kWaitGroupAdd, site);
}

void WaitGroup::Done(const Site& site) {
  if (!Unwinding()) Change(-1, OpKind::kWaitGroupDone, site);
}

void WaitGroup::Wait(const Site& site) {
  if (Unwinding()) return;
  const Ref<WaitGroupCore> core = core_.Get(OpKind::kWaitGroupWait, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kWaitGroupWait, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->count > 0) core->WaitIn(core->waiters, runtime, op);
  OrderAcquire(core.get());
  Finish(runtime, op, *core, End::kFed);
}

void Cond::Wait(const Site& site) {
  if (Unwinding()) return;
  const Ref<CondCore> core = core_.Get(OpKind::kCondWait, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kCondWait, .site = site, .object = core.get()};
  runtime->Before(op);
  void* const lock = lock_;  // Copied: the Cond may die while we wait.
  void (*const acquire)(void*) = acquire_;
  {
    std::uint32_t claim = 0;
    Waiter waiter;
    waiter.task = t_state.task;
    waiter.claim = &claim;
    core->waiters.Push(&waiter);
    // Giving up the lock is an operation: a signal may come before we park, which then returns at
    // once.
    try {
      release_(lock);
    } catch (const internal::Unwind&) {
      throw;
    } catch (...) {  // Whatever that lock throws: it is not held, and so this is no wait.
      if (waiter.queue != nullptr) core->waiters.Remove(&waiter);
      runtime->After(op, outcome::kPanicked);
      throw;
    }
    runtime->Park(op);
    internal::OrderWaiterAfter(waiter);
  }
  Finish(runtime, op, *core, End::kFed);
  acquire(lock);
}

void Cond::Signal(const Site& site) {
  if (Unwinding()) return;
  const Ref<CondCore> core = core_.Get(OpKind::kCondSignal, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kCondSignal, .site = site, .object = core.get()};
  runtime->Before(op);
  if (Waiter* waiter = core->waiters.Pop(); waiter != nullptr) {
    internal::OrderBeforeWaiter(*waiter);
    runtime->Unpark(waiter->task);
  }
  Finish(runtime, op, *core, End::kFeeds);
}

void Cond::Broadcast(const Site& site) {
  if (Unwinding()) return;
  const Ref<CondCore> core = core_.Get(OpKind::kCondBroadcast, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kCondBroadcast, .site = site, .object = core.get()};
  runtime->Before(op);
  while (Waiter* waiter = core->waiters.Pop()) {
    internal::OrderBeforeWaiter(*waiter);
    runtime->Unpark(waiter->task);
  }
  Finish(runtime, op, *core, End::kFeeds);
}

bool Once::Enter(const Site& site) {
  const Ref<OnceCore> core = core_.Get(OpKind::kOnce, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kOnce, .site = site, .object = core.get()};
  runtime->Before(op);
  const bool first = core->state == OnceCore::State::kNew;
  if (first)
    core->state = OnceCore::State::kRunning;
  else if (core->state == OnceCore::State::kRunning)
    core->WaitIn(core->waiters, runtime, op);
  if (!first) OrderAcquire(core.get());
  core->Used(first ? End::kFeeds : End::kFed, t_state.task->id, site, runtime->steps);
  runtime->After(op, first ? outcome::kDone : outcome::kNotReady);
  return first;
}

void Once::Finish(const Ref<OnceCore>& core) {
  if (t_state.unwinding) return;
  const internal::Exclusive exclusive(t_state.runtime);
  t_state.runtime->Touch(*core);
  core->state = OnceCore::State::kDone;
  OrderRelease(core.get());
  while (Waiter* waiter = core->waiters.Pop()) t_state.runtime->Unpark(waiter->task);
}

Ref<SemaphoreCore> Semaphore::Core(OpKind kind, const Site& site) {
  Ref<SemaphoreCore> core = core_.Get(kind, site);
  const internal::Exclusive exclusive(t_state.runtime);
  if (!core->sized) {  // Its first touch in this run.
    core->sized = true;
    core->free = size_;
  }
  return core;
}

void Semaphore::Acquire(std::int64_t n, const Site& site) {
  if (!Unwinding()) static_cast<void>(Acquire(Background(), n, site));
}

bool Semaphore::Acquire(const Context& context, std::int64_t n, const Site& site) {
  if (Unwinding()) return false;
  const Ref<SemaphoreCore> core(Core(OpKind::kSemaphoreAcquire, site));
  const std::int64_t size = size_;  // Copied: the semaphore may die while we wait.
  Runtime* runtime = t_state.runtime;
  const RecvChan<Unit> done = context.Done();
  const internal::CaseView views[] = {{core.get(), false}, {done.core().get(), false}};
  const Operation op{.kind = OpKind::kSemaphoreAcquire,
                     .case_count = static_cast<std::uint16_t>(done ? 2 : 0),
                     .site = site,
                     .object = core.get(),
                     .cases = done ? views : nullptr};
  runtime->Before(op);
  if (done && done.core()->closed()) {
    OrderAcquire(done.core().get());
    runtime->After(op, outcome::kNotReady);
    return false;
  }
  if (core->free < n || !core->waiters.empty()) {
    // More than there will ever be waits for its context alone, and stands in nobody's way.
    const bool hopeless = n > size;
    std::uint32_t claim = 0;
    Waiter acquired;
    Waiter ended;
    for (Waiter* waiter : {&acquired, &ended}) {
      waiter->task = t_state.task;
      waiter->claim = &claim;
    }
    ended.index = 1;
    std::optional<Unit> nothing;
    acquired.element = &n;
    ended.element = &nothing;
    internal::OrderWaiterBefore(ended);
    if (!hopeless) core->waiters.Push(&acquired);
    if (done) done.core()->receivers().Push(&ended);
    runtime->Park(op);
    if (claim == 2) {  // The context ended.
      internal::OrderWaiterAfter(ended);
      // Those behind us may fit now.
      if (acquired.queue != nullptr) acquired.queue->Remove(&acquired);
      core->Admit(runtime);
      runtime->After(op, outcome::kNotReady);
      return false;
    }
  } else {
    core->free -= n;
  }
  core->held += n;
  OrderAcquire(core.get());
  Finish(runtime, op, *core, End::kFed);
  return true;
}

bool Semaphore::TryAcquire(std::int64_t n, const Site& site) {
  if (Unwinding()) return false;
  const Ref<SemaphoreCore> core(Core(OpKind::kSemaphoreAcquire, site));
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kSemaphoreAcquire, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->free < n || !core->waiters.empty()) {
    runtime->After(op, outcome::kNotReady);
    return false;
  }
  core->free -= n;
  core->held += n;
  OrderAcquire(core.get());
  Finish(runtime, op, *core, End::kFed);
  return true;
}

void Semaphore::Release(std::int64_t n, const Site& site) {
  if (Unwinding()) return;
  const Ref<SemaphoreCore> core(Core(OpKind::kSemaphoreRelease, site));
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kSemaphoreRelease, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->held < n) Panicked(runtime, op, "semaphore: released more than held");
  core->held -= n;
  core->free += n;
  OrderRelease(core.get());
  core->Admit(runtime);
  Finish(runtime, op, *core, End::kFeeds);
}

ErrGroup::ErrGroup(Context parent, const Site& site) : tasks_(site) {
  if (Unwinding()) return;
  std::tie(context_, cancel_) = WithCancelCause(std::move(parent), site);
}

void ErrGroup::SetLimit(std::int64_t n, const Site& site) {
  if (Unwinding()) return;
  slots_ = n < 0 ? Chan<Unit>() : MakeChan<Unit>(static_cast<std::size_t>(n), site);
}

void ErrGroup::Begin(const Site& site) {
  if (slots_) slots_.Send(Unit{}, site);
  tasks_.Add(1, site);
}

void ErrGroup::End(std::exception_ptr error, const Site& site) {
  if (Unwinding()) return;
  bool first = false;
  if (error != nullptr) {
    internal::Runtime* runtime = internal::CurrentRuntime();
    const internal::Exclusive exclusive(runtime);
    if (context_.core()) runtime->Touch(*context_.core());
    first = error_ == nullptr;
    if (first) error_ = error;
  }
  if (first) cancel_(std::move(error), site);
  if (slots_) static_cast<void>(slots_.Recv(site));
  tasks_.Done(site);
}

void ErrGroup::Wait(const Site& site) {
  if (Unwinding()) return;
  tasks_.Wait(site);
  cancel_(error_, site);
  if (error_ != nullptr) std::rethrow_exception(error_);
}

}  // namespace taskleak
