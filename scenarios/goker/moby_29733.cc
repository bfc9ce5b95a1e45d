// A plugin waits to be activated, and nobody activates it. Source: moby#29733, in GoBench's GoKer
// (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the activator sets the flag under the lock and
// wakes all; who comes later finds the flag set.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Activator { kNone, kBroadcasts };

struct Plugin {
  Mutex mu;
  Cond activated{mu};
  bool is_active = false;
  Chan<Unit> done = MakeChan<Unit>();
};

void WaitActive(Plugin& plugin) {
  plugin.mu.Lock();
  while (!plugin.is_active) {
    plugin.activated.Wait();  // Stuck: nobody activates the plugin.
  }
  plugin.mu.Unlock();
  plugin.done.Close();
}

void Activate(Plugin& plugin) {
  plugin.mu.Lock();
  plugin.is_active = true;
  plugin.activated.Broadcast();
  plugin.mu.Unlock();
}

void Run(Activator activator) {
  const auto plugin = std::make_shared<Plugin>();
  Go("waiter", [plugin] { WaitActive(*plugin); });
  if (activator == Activator::kBroadcasts) Go("activator", [plugin] { Activate(*plugin); });
  plugin->done.Recv();
}

const RegisterScenario kRegister({
    .name = "goker/moby_29733",
    .summary = "waiting for a condition that nobody sets",
    .origin = {.category = "Comm: Condition Variable",
               .trigger = "condition never set, never signalled",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the plugin is never activated",
             .body = [] { Run(Activator::kNone); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .remain = {"root: chan recv", "waiter: cond wait"}}},
            {.name = "fixed",
             .summary = "an activator sets the flag and broadcasts",
             .body = [] { Run(Activator::kBroadcasts); }},
        },
});

}  // namespace
