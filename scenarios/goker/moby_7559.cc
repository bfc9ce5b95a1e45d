// A proxy's loop locks, fails to dial and goes on with the next round without unlocking. Source:
// moby#7559, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: there is one task, and it unlocks before each
// next round.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnFailure { kKeepsTheLock, kUnlocks };

struct Proxy {
  explicit Proxy(OnFailure o) : on_failure(o) {}
  const OnFailure on_failure;
  Mutex connections;
};

bool Dial() { return false; }  // Without a remote address it always fails.

void RunProxy(Proxy& proxy) {
  for (int round = 0; round < 2; ++round) {
    proxy.connections.Lock();  // Stuck: the round before has gone on with the lock held.
    if (!Dial()) {
      if (proxy.on_failure == OnFailure::kUnlocks) proxy.connections.Unlock();
      continue;
    }
    proxy.connections.Unlock();
  }
}

void Run(OnFailure on_failure) {
  const auto proxy = std::make_shared<Proxy>(on_failure);
  Go("proxy", [proxy] { RunProxy(*proxy); });
}

const RegisterScenario kRegister({
    .name = "goker/moby_7559",
    .summary = "a continue that forgets to unlock",
    .origin = {.category = "Resource: Double locking",
               .trigger = "missing unlock before continue",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the second round locks what the first has left locked",
             .body = [] { Run(OnFailure::kKeepsTheLock); },
             .expected =
                 Expectation{.operation = "lock", .task = "proxy", .remain = {"proxy: lock"}}},
            {.name = "fixed",
             .summary = "the failing round unlocks",
             .body = [] { Run(OnFailure::kUnlocks); }},
        },
});

}  // namespace
