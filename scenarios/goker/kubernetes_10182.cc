// The status manager sends on a channel without room while it holds its lock, and the receiver
// takes that lock between two receives. Source: kubernetes#10182, in GoBench's GoKer (CGO 2021).
// Trigger: after the first hand-over, the other sender locks before the receiver does.
//
// Why the fixed one is quiet under every schedule: nobody waits for anything with the lock held, so
// that each lock is got; and two sends meet two receives.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Send { kLocked, kUnlocked };

struct StatusManager {
  explicit StatusManager(Send s) : send(s) { statuses = MakeChan<int>(); }
  const Send send;
  RWMutex mu;
  Chan<int> statuses;
};

void Sync(StatusManager& manager) {
  for (int i = 0; i < 2; ++i) {
    manager.statuses.Recv();
    manager.mu.Lock();  // Stuck: the other sender holds it while it waits for this receiver.
    manager.mu.Unlock();
  }
}

void SetStatus(StatusManager& manager, int status) {
  manager.mu.Lock();
  if (manager.send == Send::kUnlocked) manager.mu.Unlock();
  manager.statuses.Send(status);  // Stuck: the receiver waits for the lock that is held here.
  if (manager.send == Send::kLocked) manager.mu.Unlock();
}

void Run(Send send) {
  const auto manager = std::make_shared<StatusManager>(send);
  Go("starter", [manager] { Go("syncer", [manager] { Sync(*manager); }); });
  for (int i = 1; i <= 2; ++i)
    Go("setter-" + std::to_string(i), [manager, i] { SetStatus(*manager, i); });
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_10182",
    .summary = "a send under a lock that the receiver takes between two receives",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "second sender gets the lock before the receiver does",
               .natively = "26 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the second sender holds the lock that the receiver waits for",
             .body = [] { Run(Send::kLocked); },
             .expected = Expectation{.remain = {"setter-*: chan send", "syncer: lock"}}},
            {.name = "fixed",
             .summary = "the senders unlock before they send",
             .body = [] { Run(Send::kUnlocked); }},
        },
});

}  // namespace
