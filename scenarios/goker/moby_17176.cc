// A cleanup that has nothing to delete returns with the device set locked, and who asks for the set
// next waits for ever. Source: moby#17176, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the cleanup unlocks on that path too, and the
// answer has a place of its own if root's timer came first.
#include <chrono>
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class NothingToDelete { kKeepsTheLock, kUnlocks };

struct DeviceSet {
  Mutex mu;
  int deleted = 0;
};

void CleanUpDeleted(DeviceSet& devices, NothingToDelete way) {
  devices.mu.Lock();
  if (devices.deleted == 0) {
    if (way == NothingToDelete::kUnlocks) devices.mu.Unlock();
    return;
  }
  devices.mu.Unlock();
}

void Run(NothingToDelete way) {
  const auto devices = std::make_shared<DeviceSet>();
  CleanUpDeleted(*devices, way);
  const auto done = MakeChan<Unit>(way == NothingToDelete::kUnlocks ? 1 : 0);
  Go("lister", [devices, done] {
    devices->mu.Lock();  // Stuck: the cleanup has returned with it.
    done.Send(Unit());
    devices->mu.Unlock();
  });
  Select(OnAfter(1ms), OnRecv(done));
}

const RegisterScenario kRegister({
    .name = "goker/moby_17176",
    .summary = "an early return that forgets to unlock",
    .origin = {.category = "Resource: Double locking",
               .trigger = "missing unlock on early return",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the lock's owner has gone",
             .body = [] { Run(NothingToDelete::kKeepsTheLock); },
             .expected =
                 Expectation{.operation = "lock", .task = "lister", .remain = {"lister: lock"}}},
            {.name = "fixed",
             .summary = "the early return unlocks",
             .body = [] { Run(NothingToDelete::kUnlocks); }},
        },
});

}  // namespace
