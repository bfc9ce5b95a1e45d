// While it waits for a device to go, a removal gives up the set's lock and takes it again with the
// device's lock held; another removal takes the set's lock first and then the device's. Source:
// moby#4951, in GoBench's GoKer (CGO 2021). Trigger: the second locks the set while the first
// sleeps.
//
// Why the fixed one is quiet under every schedule: both take the device's lock first, and who holds
// the set's lock never waits for a device's.
#include <chrono>
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Order { kSetFirst, kDeviceFirst };

struct DeviceSet {
  explicit DeviceSet(Order o) : order(o) {}
  const Order order;
  Mutex set;
  Mutex device;
};

void Remove(DeviceSet& devices) {
  if (devices.order == Order::kDeviceFirst) devices.device.Lock();
  devices.set.Lock();
  if (devices.order == Order::kSetFirst) {
    devices.device.Lock();  // Stuck: the other removal has it while it waits for the set.
  }
  devices.set.Unlock();
  Sleep(300ns);
  devices.set.Lock();  // Stuck: the other removal has it while it waits for the device.
  if (devices.order == Order::kSetFirst) devices.device.Unlock();
  devices.set.Unlock();
  if (devices.order == Order::kDeviceFirst) devices.device.Unlock();
}

void Run(Order order) {
  const auto devices = std::make_shared<DeviceSet>(order);
  Go("remover-1", [devices] { Remove(*devices); });
  Go("remover-2", [devices] { Remove(*devices); });
}

const RegisterScenario kRegister({
    .name = "goker/moby_4951",
    .summary = "a lock given up and taken again while another is held",
    .origin = {.category = "Resource: AB-BA deadlock",
               .trigger = "set lock dropped and re-taken while the device lock is held",
               .natively = "8 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "each removal waits for the lock that the other holds",
             .body = [] { Run(Order::kSetFirst); },
             .expected = Expectation{.operation = "lock",
                                     .task = "remover-*",
                                     .remain = {"remover-1: lock", "remover-2: lock"}}},
            {.name = "fixed",
             .summary = "the device's lock comes first in both",
             .body = [] { Run(Order::kDeviceFirst); }},
        },
});

}  // namespace
