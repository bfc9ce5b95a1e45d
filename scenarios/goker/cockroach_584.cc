// A gossip loop leaves by `break` with its lock held, and what comes behind the loop locks again.
// Source: cockroach#584, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: there is one task, and it unlocks on each way
// out of the loop before it locks again.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnBreak { kKeepsTheLock, kUnlocks };

struct Gossip {
  explicit Gossip(OnBreak o) : on_break(o) {}
  const OnBreak on_break;
  Mutex mu;
  bool closed = true;
};

void Bootstrap(Gossip& gossip) {
  for (;;) {
    gossip.mu.Lock();
    if (gossip.closed) {
      if (gossip.on_break == OnBreak::kUnlocks) gossip.mu.Unlock();
      break;
    }
    gossip.mu.Unlock();
  }
}

void Manage(Gossip& gossip) {
  for (;;) {
    gossip.mu.Lock();  // Stuck: the loop before has left with the lock held.
    if (gossip.closed) {
      if (gossip.on_break == OnBreak::kUnlocks) gossip.mu.Unlock();
      break;
    }
    gossip.mu.Unlock();
  }
}

void Run(OnBreak on_break) {
  const auto gossip = std::make_shared<Gossip>(on_break);
  Go("gossip", [gossip] {
    Bootstrap(*gossip);
    Manage(*gossip);
  });
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_584",
    .summary = "a break out of a loop that forgets to unlock",
    .origin = {.category = "Resource: Double locking",
               .trigger = "missing unlock on the break path",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the second loop locks what the first has left locked",
             .body = [] { Run(OnBreak::kKeepsTheLock); },
             .expected =
                 Expectation{.operation = "lock", .task = "gossip", .remain = {"gossip: lock"}}},
            {.name = "fixed",
             .summary = "the loops unlock before they break",
             .body = [] { Run(OnBreak::kUnlocks); }},
        },
});

}  // namespace
