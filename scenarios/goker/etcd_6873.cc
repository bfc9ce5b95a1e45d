// A watch broadcast's stop holds the lock while it waits for the worker, who takes that lock for
// each update that still waits. Source: etcd#6873, in GoBench's GoKer (CGO 2021). Trigger: the stop
// locks before the worker has seen to the update that is queued.
//
// Why the fixed one is quiet under every schedule: the stop waits with nothing held; the worker
// gets the lock for each update, comes to the end of the closed channel, and closes `done`.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Stop { kLocked, kUnlocked };

struct Broadcasts {
  explicit Broadcasts(Stop s) : stop(s) {}
  const Stop stop;
  Mutex mu;
  Chan<int> updates = MakeChan<int>(1);
  Chan<Unit> done = MakeChan<Unit>();
};

void Work(Broadcasts& broadcasts) {
  for ([[maybe_unused]] const int update : broadcasts.updates) {
    broadcasts.mu.Lock();  // Stuck: the stop holds it, and waits for this worker.
    broadcasts.mu.Unlock();
  }
  broadcasts.done.Close();
}

void StopAll(Broadcasts& broadcasts) {
  broadcasts.mu.Lock();
  broadcasts.updates.Close();
  if (broadcasts.stop == Stop::kUnlocked) broadcasts.mu.Unlock();
  broadcasts.done.Recv();  // Stuck: the worker waits for the lock that is held here.
  if (broadcasts.stop == Stop::kLocked) broadcasts.mu.Unlock();
}

void Run(Stop stop) {
  const auto broadcasts = std::make_shared<Broadcasts>(stop);
  Go("worker", [broadcasts] { Work(*broadcasts); });
  broadcasts->updates.TrySend(1);
  Go("stopper", [broadcasts] { StopAll(*broadcasts); });
}

const RegisterScenario kRegister({
    .name = "goker/etcd_6873",
    .summary = "waiting for a worker with the lock that it needs",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "stop takes the lock before the pending update is processed",
               .natively = "19 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the stop waits for the worker, and the worker for the lock",
             .body = [] { Run(Stop::kLocked); },
             .expected = Expectation{.remain = {"worker: lock", "stopper: chan recv"}}},
            {.name = "fixed",
             .summary = "the stop unlocks before it waits",
             .body = [] { Run(Stop::kUnlocked); }},
        },
});

}  // namespace
