// A client's Sync write-locks it, and asks for the leader by a request on the same client, which
// read-locks it. Source: etcd#6708, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: there is one task, and it asks before it locks.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Leader { kAskedUnderTheLock, kAskedBefore };

struct Client {
  RWMutex mu;
};

void GetLeader(Client& client) {
  client.mu.RLock();  // Stuck: its caller holds the write lock.
  client.mu.RUnlock();
}

void Sync(Client& client, Leader leader) {
  if (leader == Leader::kAskedBefore) GetLeader(client);
  client.mu.Lock();
  if (leader == Leader::kAskedUnderTheLock) GetLeader(client);
  client.mu.Unlock();
}

void Run(Leader leader) {
  const auto client = std::make_shared<Client>();
  Sync(*client, leader);
}

const RegisterScenario kRegister({
    .name = "goker/etcd_6708",
    .summary = "a read lock by who holds the write lock",
    .origin = {.category = "Resource: Double locking",
               .trigger = "read lock while holding the write lock",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the request waits for its own caller",
             .body = [] { Run(Leader::kAskedUnderTheLock); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "rlock",
                                     .task = "root",
                                     .remain = {"root: rlock"}}},
            {.name = "fixed",
             .summary = "the leader is asked for before the lock is taken",
             .body = [] { Run(Leader::kAskedBefore); }},
        },
});

}  // namespace
