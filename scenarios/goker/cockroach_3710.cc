// A scan holds a store's read lock while it queues each replica, and the queue read-locks the store
// again: a writer that comes in between stops it, and itself waits for the scan. Source:
// cockroach#3710, in GoBench's GoKer (CGO 2021). Trigger: the writer asks between the outer and an
// inner read lock.
//
// Why the fixed one is quiet under every schedule: the scan copies the replicas and gives the lock
// back before it queues them, so that nobody waits for the store's lock while holding it; and who
// holds the queue's lock waits only for a lock whose holders wait for nothing.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Scan { kLocked, kOfACopy };

constexpr int kReplicas = 2;

struct Store {
  explicit Store(Scan s) : scan(s) {}
  const Scan scan;
  RWMutex mu;
  Mutex queue;
};

void MaybeAdd(Store& store) {
  store.queue.Lock();
  store.mu.RLock();  // Stuck: a writer waits for the scan's read lock, and goes first.
  store.mu.RUnlock();
  store.queue.Unlock();
}

void ForceScan(Store& store) {
  store.mu.RLock();
  if (store.scan == Scan::kOfACopy) store.mu.RUnlock();
  for (int i = 0; i < kReplicas; ++i) MaybeAdd(store);
  if (store.scan == Scan::kLocked) store.mu.RUnlock();
}

void ProcessRaft(Store& store) {
  store.mu.Lock();  // Stuck: the scan holds its outer read lock while it waits for this writer.
  store.mu.Unlock();
}

void Run(Scan scan) {
  const auto store = std::make_shared<Store>(scan);
  Go("scanner", [store] { ForceScan(*store); });
  Go("starter", [store] { Go("raft", [store] { ProcessRaft(*store); }); });
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_3710",
    .summary = "a nested read lock, with a writer in between",
    .origin = {.category = "Resource: RWR deadlock",
               .trigger = "writer between nested read locks",
               .natively = "5 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the inner read lock waits for a writer that waits for the outer one",
             .body = [] { Run(Scan::kLocked); },
             .expected = Expectation{.remain = {"scanner: rlock", "raft: lock"}}},
            {.name = "fixed",
             .summary = "the scan goes over a copy, with nothing held",
             .body = [] { Run(Scan::kOfACopy); }},
        },
});

}  // namespace
