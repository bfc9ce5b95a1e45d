// A lessor renews a lease under its lock and calls back to checkpoint it, which locks the lessor
// again. Source: etcd#10492, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: there is one task, and it unlocks before it
// calls back.
#include <functional>
#include <memory>
#include <utility>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Callback { kLocked, kUnlocked };

struct Lessor {
  RWMutex mu;
  std::function<void()> checkpoint;
};

void SetCheckpointer(Lessor& lessor, std::function<void()> checkpoint) {
  lessor.mu.Lock();
  lessor.checkpoint = std::move(checkpoint);
  lessor.mu.Unlock();
}

void Checkpoint(Lessor& lessor) {
  lessor.mu.Lock();  // Stuck: the renewal that calls this holds it.
  lessor.mu.Unlock();
}

void Renew(Lessor& lessor, Callback callback) {
  lessor.mu.Lock();
  if (callback == Callback::kUnlocked) lessor.mu.Unlock();
  lessor.checkpoint();
  if (callback == Callback::kLocked) lessor.mu.Unlock();
}

void Run(Callback callback) {
  const auto lessor = std::make_shared<Lessor>();
  SetCheckpointer(*lessor, [self = lessor.get()] { Checkpoint(*self); });
  Renew(*lessor, callback);
}

const RegisterScenario kRegister({
    .name = "goker/etcd_10492",
    .summary = "a callback that locks what its caller has locked",
    .origin = {.category = "Resource: Double locking",
               .trigger = "callback re-locks",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the checkpoint waits for the renewal that calls it",
             .body = [] { Run(Callback::kLocked); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "lock",
                                     .task = "root",
                                     .remain = {"root: lock"}}},
            {.name = "fixed",
             .summary = "the renewal unlocks before it calls back",
             .body = [] { Run(Callback::kUnlocked); }},
        },
});

}  // namespace
