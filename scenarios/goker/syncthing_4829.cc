// A mapping that is cleared notifies its subscribers with its lock held, and the notification
// read-locks it. Source: syncthing#4829, in GoBench's GoKer (CGO 2021). Trigger: none; one address
// is there.
//
// Why the fixed one is quiet under every schedule: there is one task, and it notifies when it has
// unlocked the mapping.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Notify { kLocked, kUnlocked };

struct Mapping {
  RWMutex mu;
  int addresses = 1;
};

struct Service {
  explicit Service(Notify n) : notify(n) {}
  const Notify notify;
  RWMutex mu;
  Mapping mapping;
};

void NotifyAll(Mapping& mapping) {
  mapping.mu.RLock();  // Stuck: the caller holds the write lock.
  mapping.mu.RUnlock();
}

void ClearAddresses(Service& service) {
  Mapping& mapping = service.mapping;
  mapping.mu.Lock();
  const bool changed = mapping.addresses > 0;
  mapping.addresses = 0;
  if (service.notify == Notify::kUnlocked) mapping.mu.Unlock();
  if (changed) NotifyAll(mapping);
  if (service.notify == Notify::kLocked) mapping.mu.Unlock();
}

void Run(Notify notify) {
  const auto service = std::make_shared<Service>(notify);
  service->mu.Lock();
  ClearAddresses(*service);
  service->mu.Unlock();
}

const RegisterScenario kRegister({
    .name = "goker/syncthing_4829",
    .summary = "a notification that read-locks what its caller has write-locked",
    .origin = {.category = "Resource: Double locking",
               .trigger = "read lock in a callee while holding the write lock",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the notification waits for its own caller",
             .body = [] { Run(Notify::kLocked); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "rlock",
                                     .task = "root",
                                     .remain = {"root: rlock"}}},
            {.name = "fixed",
             .summary = "the mapping is unlocked before the notification",
             .body = [] { Run(Notify::kUnlocked); }},
        },
});

}  // namespace
