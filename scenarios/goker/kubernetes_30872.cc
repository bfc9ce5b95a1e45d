// The reflector locks its queue and then the informer, while the health check locks the informer
// and then the queue. Source: kubernetes#30872, in GoBench's GoKer (CGO 2021). Trigger: each has
// its first lock before the other has its second.
//
// Why the fixed one is quiet under every schedule: the health check unlocks the informer before it
// locks the queue, so that nobody holds the informer while waiting for anything but a close of its
// own, which never blocks. The reflector's rounds are bounded; root closes `stop` at its end.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Check { kBothLocks, kOneAtATime };

constexpr int kRounds = 30;  // Unbounded in the original.

struct Informer {
  explicit Informer(Check c) : check(c) { stop = MakeChan<Unit>(); }
  const Check check;
  Mutex mu;
  RWMutex queue_mu;
  Chan<Unit> stop;
  Chan<Unit> stop_reflector;
};

void Reflect(Informer& informer, const RecvChan<Unit>& stop) {
  for (int round = 0; round < kRounds && !stop.TryRecv().ready; ++round) {
    informer.queue_mu.Lock();
    informer.mu.Lock();  // Stuck: the health check holds it while it waits for the queue.
    informer.mu.Unlock();
    informer.queue_mu.Unlock();
  }
}

void AwaitStop(Informer& informer) {
  informer.stop.Recv();
  informer.mu.Lock();
  informer.stop_reflector.Close();
  informer.mu.Unlock();
}

void CheckHealth(Informer& informer) {
  informer.mu.Lock();
  if (informer.check == Check::kOneAtATime) informer.mu.Unlock();
  informer.queue_mu.Lock();  // Stuck: the reflector holds it while it waits for the informer.
  informer.queue_mu.Unlock();
  if (informer.check == Check::kBothLocks) informer.mu.Unlock();
}

void Run(Check check) {
  const auto informer = std::make_shared<Informer>(check);
  informer->mu.Lock();
  const auto stop_reflector = MakeChan<Unit>();
  informer->stop_reflector = stop_reflector;
  Go("reflector", [informer, stop_reflector] { Reflect(*informer, stop_reflector); });
  informer->mu.Unlock();
  Go("stopper", [informer] { AwaitStop(*informer); });
  Go("health", [informer] { CheckHealth(*informer); });
  informer->stop.Close();
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_30872",
    .summary = "two locks taken in opposite orders, by a loop and by a health check",
    .origin = {.category = "Resource: AB-BA deadlock",
               .trigger = "AB-BA between informer lock and queue lock",
               .natively = "21 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "reflector and health check each hold the lock that the other waits for",
             .body = [] { Run(Check::kBothLocks); },
             .expected = Expectation{.operation = "lock",
                                     .remain = {"reflector: lock", "health: lock",
                                                "?stopper: lock"}}},
            {.name = "fixed",
             .summary = "the health check unlocks the informer before it locks the queue",
             .body = [] { Run(Check::kOneAtATime); }},
        },
});

}  // namespace
