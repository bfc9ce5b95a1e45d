// One path locks the name cache and then a lease, another the lease and then the name cache.
// Source: cockroach#7504, in GoBench's GoKer (CGO 2021). Trigger: each has its first lock when it
// asks for its second.
//
// Why the fixed one is quiet under every schedule: the release gives the lease's lock back before
// it takes the name cache's, so that all wait in the order table, name cache, lease.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Release { kWithTheLease, kBehindTheLease };

struct LeaseManager {
  explicit LeaseManager(Release r) : release(r) {}
  const Release release;
  Mutex names;
  Mutex lease;
  Mutex table;
  WaitGroup both;
};

void AcquireByName(LeaseManager& manager) {
  manager.names.Lock();
  manager.lease.Lock();  // Stuck: the releaser holds it, and waits for the name cache.
  manager.lease.Unlock();
  manager.names.Unlock();
}

void ReleaseLease(LeaseManager& manager) {
  manager.table.Lock();
  manager.lease.Lock();
  if (manager.release == Release::kBehindTheLease) manager.lease.Unlock();
  manager.names.Lock();  // Stuck: the acquirer holds it, and waits for the lease.
  manager.names.Unlock();
  if (manager.release == Release::kWithTheLease) manager.lease.Unlock();
  manager.table.Unlock();
}

void Run(Release release) {
  const auto manager = std::make_shared<LeaseManager>(release);
  manager->both.Go("acquirer", [manager] { AcquireByName(*manager); });
  manager->both.Go("releaser", [manager] { ReleaseLease(*manager); });
  manager->both.Wait();
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_7504",
    .summary = "two locks in two orders: a name cache and a lease",
    .origin = {.category = "Resource: AB-BA deadlock",
               .trigger = "AB-BA between N and L",
               .natively = "23 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "each task waits for the lock that the other holds",
             .body = [] { Run(Release::kWithTheLease); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "lock",
                                     .remain = {"root: waitgroup wait", "acquirer: lock",
                                                "releaser: lock"}}},
            {.name = "fixed",
             .summary = "the release gives back the lease's lock first",
             .body = [] { Run(Release::kBehindTheLease); }},
        },
});

}  // namespace
