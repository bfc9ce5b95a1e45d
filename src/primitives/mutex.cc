// Mutex and RWMutex.
#include "src/primitives/operation.h"
#include "src/runtime/sanitizer.h"
#include "taskleak/sync.h"

namespace taskleak {

using internal::Finish;
using internal::MutexCore;
using internal::Operation;
using internal::OpKind;
using internal::OrderAcquire;
using internal::OrderRelease;
using internal::Panicked;
using internal::Ref;
using internal::Runtime;
using internal::RWMutexCore;
using internal::t_state;
using internal::Unwinding;
namespace outcome = internal::outcome;

namespace {

void WakeOne(Runtime* runtime, internal::WaitQueue& queue) {
  if (internal::Waiter* waiter = queue.Pop(); waiter != nullptr) runtime->Unpark(waiter->task);
}

// A writer comes after the writers and after the readers before it; readers after writers only.
void OrderWriter(const RWMutexCore& core) {
  OrderAcquire(&core);
  OrderAcquire(&core.readers);
}

}  // namespace

void Mutex::Lock(const Site& site) {
  if (Unwinding()) return;
  const Ref<MutexCore> core = core_.Get(OpKind::kLock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kLock, .site = site, .object = core.get()};
  runtime->Before(op);
  for (bool woken = false; core->locked; woken = true)
    core->WaitIn(core->waiters, runtime, op, nullptr, woken);
  core->locked = true;
  OrderAcquire(core.get());
  Finish(runtime, op, *core, internal::End::kFed);
}

bool Mutex::TryLock(const Site& site) {
  if (Unwinding()) return false;
  const Ref<MutexCore> core = core_.Get(OpKind::kTryLock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kTryLock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->locked) {
    runtime->After(op, outcome::kNotReady);
    return false;
  }
  core->locked = true;
  OrderAcquire(core.get());
  Finish(runtime, op, *core, internal::End::kFed);
  return true;
}

void Mutex::Unlock(const Site& site) {
  if (Unwinding()) return;
  const Ref<MutexCore> core = core_.Get(OpKind::kUnlock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kUnlock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (!core->locked) Panicked(runtime, op, "unlock of unlocked mutex");
  core->locked = false;
  OrderRelease(core.get());
  WakeOne(runtime, core->waiters);
  Finish(runtime, op, *core, internal::End::kFeeds);
}

void RWMutex::Lock(const Site& site) {
  if (Unwinding()) return;
  const Ref<RWMutexCore> core = core_.Get(OpKind::kLock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kLock, .site = site, .object = core.get()};
  runtime->Before(op);
  for (bool woken = false; core->announced; woken = true)
    core->WaitIn(core->writers_waiting, runtime, op, nullptr, woken);
  core->announced = true;
  if (core->readers > 0) core->WaitIn(core->draining, runtime, op);
  OrderWriter(*core);
  Finish(runtime, op, *core, internal::End::kFed);
}

bool RWMutex::TryLock(const Site& site) {
  if (Unwinding()) return false;
  const Ref<RWMutexCore> core = core_.Get(OpKind::kTryLock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kTryLock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->announced || core->readers > 0) {
    runtime->After(op, outcome::kNotReady);
    return false;
  }
  core->announced = true;
  OrderWriter(*core);
  Finish(runtime, op, *core, internal::End::kFed);
  return true;
}

void RWMutex::Unlock(const Site& site) {
  if (Unwinding()) return;
  const Ref<RWMutexCore> core = core_.Get(OpKind::kUnlock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kUnlock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (!core->announced || core->readers > 0 || !core->draining.empty())
    Panicked(runtime, op, "unlock of unlocked RWMutex");
  core->announced = false;
  OrderRelease(core.get());
  while (internal::Waiter* reader = core->readers_waiting.Pop()) {
    ++core->readers;
    runtime->Unpark(reader->task);
  }
  WakeOne(runtime, core->writers_waiting);
  Finish(runtime, op, *core, internal::End::kFeeds);
}

void RWMutex::RLock(const Site& site) {
  if (Unwinding()) return;
  const Ref<RWMutexCore> core = core_.Get(OpKind::kRLock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kRLock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->announced)
    core->WaitIn(core->readers_waiting, runtime,
                 op);  // Admitted, and counted, by the writer's unlock.
  else
    ++core->readers;
  OrderAcquire(core.get());
  Finish(runtime, op, *core, internal::End::kFed);
}

bool RWMutex::TryRLock(const Site& site) {
  if (Unwinding()) return false;
  const Ref<RWMutexCore> core = core_.Get(OpKind::kTryRLock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kTryRLock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->announced) {
    runtime->After(op, outcome::kNotReady);
    return false;
  }
  ++core->readers;
  OrderAcquire(core.get());
  Finish(runtime, op, *core, internal::End::kFed);
  return true;
}

void RWMutex::RUnlock(const Site& site) {
  if (Unwinding()) return;
  const Ref<RWMutexCore> core = core_.Get(OpKind::kRUnlock, site);
  Runtime* runtime = t_state.runtime;
  const Operation op{.kind = OpKind::kRUnlock, .site = site, .object = core.get()};
  runtime->Before(op);
  if (core->readers == 0) Panicked(runtime, op, "RUnlock of unlocked RWMutex");
  OrderRelease(&core->readers);
  if (--core->readers == 0) WakeOne(runtime, core->draining);
  Finish(runtime, op, *core, internal::End::kFeeds);
}

}  // namespace taskleak
