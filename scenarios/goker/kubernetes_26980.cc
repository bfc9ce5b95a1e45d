// The processor's `pop` keeps the lock until the listener is stopped, and the distributor needs it
// to give the result for which the listener's owner waits before it stops. Source:
// kubernetes#26980, in GoBench's GoKer (CGO 2021). Trigger: the pop locks before the distributor.
//
// Why the fixed one is quiet under every schedule: the pop unlocks before it waits, so that the
// distributor gets the lock and closes `result`. Root receives that, gives back the lock that the
// distributor has kept (nobody else can hold it then), and closes `stop`, for which the pop waits
// at most. The queue has its one element from the start, so that nobody waits for the condition.
#include <memory>
#include <mutex>
#include <vector>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Wait { kLocked, kUnlocked };

struct Listener {
  explicit Listener(Wait w) : wait(w), cond(mu) {
    stop = MakeChan<Unit>();
    result = MakeChan<Unit>();
  }
  const Wait wait;
  RWMutex mu;
  Cond cond;
  std::vector<int> queue;
  Chan<Unit> stop;
  Chan<Unit> result;
};

void Pop(Listener& listener) {
  std::unique_lock<RWMutex> lock(listener.mu);
  while (listener.queue.empty()) {
    if (listener.stop.TryRecv().ready) return;
    listener.cond.Wait();
  }
  if (listener.wait == Wait::kUnlocked) lock.unlock();
  Select(OnRecv(listener.stop));  // Stuck: the lock is held, without which nobody comes to stop it.
}

void Distribute(Listener& listener) {
  listener.mu.Lock();  // Stuck: the pop holds it until the listener is stopped.
  listener.result.Close();
}

void Run(Wait wait) {
  const auto listener = std::make_shared<Listener>(wait);
  listener->queue.push_back(1);
  Go("pop", [listener] { Pop(*listener); });
  Go("distributor", [listener] { Distribute(*listener); });
  listener->result.Recv();
  listener->mu.Unlock();
  listener->stop.Close();
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_26980",
    .summary = "a lock kept until the stop, which comes only after another has had the lock",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "pop waits for stop while holding the lock",
               .natively = "20 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the pop waits for the stop with the lock held",
             .body = [] { Run(Wait::kLocked); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .remain = {"root: chan recv", "pop: select",
                                                "distributor: lock"}}},
            {.name = "fixed",
             .summary = "the pop unlocks before it waits",
             .body = [] { Run(Wait::kUnlocked); }},
        },
});

}  // namespace
