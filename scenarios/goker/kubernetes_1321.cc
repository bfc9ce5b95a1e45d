// The mux sends an event to each watcher with its lock held, and a watcher that has given up
// receiving needs that lock in order to leave. Source: kubernetes#1321, in GoBench's GoKer (CGO
// 2021). Trigger: a round of the distributor falls between the watcher's entry and its stop.
//
// Why the fixed one is quiet under every schedule: the watcher first closes its `stopped`, for
// which it needs no lock, and the distributor's send watches that channel; so the distributor ends
// its round and unlocks. The result is closed with the lock held, and the watcher taken out of the
// map before: no send comes later.
#include <map>
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Send { kAlone, kWithStopped };

constexpr int kRounds = 20;  // The original's 100 only raise the odds.

struct Watcher {
  Chan<int> result;
  Chan<Unit> stopped;
};

struct Mux {
  explicit Mux(Send s) : send(s) {}
  const Send send;
  Mutex mu;
  Mutex watchers_mu;  // Guards the map; the original takes it for all but the removal.
  std::map<int, Watcher> watchers;
};

void Distribute(Mux& mux) {
  for (int round = 0; round < kRounds; ++round) {
    mux.mu.Lock();
    mux.watchers_mu.Lock();
    for (const auto& entry : mux.watchers) {
      const Watcher& watcher = entry.second;
      if (mux.send == Send::kAlone) {
        watcher.result.Send(round);  // Stuck: nobody receives, and the lock is held.
      } else {
        Select(OnSend(watcher.result, round), OnRecv(watcher.stopped));
      }
    }
    mux.watchers_mu.Unlock();
    mux.mu.Unlock();
  }
}

Watcher Watch(Mux& mux, int id) {
  Watcher watcher;
  watcher.result = MakeChan<int>();
  watcher.stopped = MakeChan<Unit>();
  mux.watchers_mu.Lock();
  mux.watchers.emplace(id, watcher);
  mux.watchers_mu.Unlock();
  return watcher;
}

void Stop(Mux& mux, int id, const Watcher& watcher) {
  if (mux.send == Send::kWithStopped) watcher.stopped.Close();
  mux.mu.Lock();  // Stuck: the distributor holds it while it sends to this watcher.
  mux.watchers_mu.Lock();
  mux.watchers.erase(id);
  mux.watchers_mu.Unlock();
  watcher.result.Close();
  mux.mu.Unlock();
}

void Run(Send send) {
  Go("watcher", [send] {
    const auto mux = std::make_shared<Mux>(send);
    Go("distributor", [mux] { Distribute(*mux); });
    const Watcher watcher = Watch(*mux, 1);
    Stop(*mux, 1, watcher);
  });
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_1321",
    .summary = "a send under the lock that the receiver needs to leave",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "distributor sends under the lock which stop needs",
               .natively = "42 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the distributor sends to a watcher that waits for its lock",
             .body = [] { Run(Send::kAlone); },
             .expected = Expectation{.remain = {"distributor: chan send", "watcher: lock"}}},
            {.name = "fixed",
             .summary = "the send watches a channel that stop closes before it locks",
             .body = [] { Run(Send::kWithStopped); }},
        },
});

}  // namespace
