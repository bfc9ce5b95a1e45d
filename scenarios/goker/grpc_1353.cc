// The balancer sends a changed address while it holds its lock, on a channel without room, and the
// receiver needs that lock before it receives again. Source: grpc#1353, in GoBench's GoKer (CGO
// 2021). Trigger: after an address was received, the balancer locks for its next send before the
// watcher does.
//
// Why the fixed one is quiet under every schedule: the updater is the only sender, and empties the
// channel, which has room for one, before it sends, so that it never blocks with the lock held and
// the watcher always gets it. The updater then comes to the end of its rounds, the closer closes
// the addresses behind the last of them, and the watcher's loop ends.
#include <array>
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Send { kWaits, kReplacesLatest };

constexpr int kRounds = 20;  // The original's 100 only raise the odds.

struct Balancer {
  explicit Balancer(Send s) : send(s) {
    addresses = MakeChan<int>(send == Send::kReplacesLatest ? 1 : 0);
    updated = MakeChan<Unit>();
  }
  const Send send;
  Mutex mu;
  Chan<int> addresses;
  Chan<Unit> updated;
  std::array<Mutex, 2> conns;
};

void Update(Balancer& balancer) {
  for (int round = 0; round < kRounds; ++round) {
    balancer.mu.Lock();
    if (balancer.send == Send::kReplacesLatest) balancer.addresses.TryRecv();
    balancer.addresses.Send(round);  // Stuck: the watcher waits for the lock that is held here.
    balancer.mu.Unlock();
  }
  balancer.updated.Close();
}

void Down(Balancer& balancer) {
  balancer.mu.Lock();  // Stuck: the updater holds it while it waits for the watcher.
  balancer.mu.Unlock();
}

void Watch(Balancer& balancer) {
  for ([[maybe_unused]] const int address : balancer.addresses) {
    for (Mutex& conn : balancer.conns) {
      conn.Lock();
      Down(balancer);
      conn.Unlock();
    }
  }
}

void CloseBalancer(Balancer& balancer) {
  balancer.updated.Recv();
  balancer.mu.Lock();
  balancer.addresses.Close();
  balancer.mu.Unlock();
}

void Run(Send send) {
  const auto balancer = std::make_shared<Balancer>(send);
  Go("updater", [balancer] { Update(*balancer); });
  Go("watcher", [balancer] { Watch(*balancer); });
  Go("closer", [balancer] { CloseBalancer(*balancer); });
}

const RegisterScenario kRegister({
    .name = "goker/grpc_1353",
    .summary = "a send under a lock that the receiver needs first",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "sender holds the lock the only receiver needs between two receives",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary =
                 "the updater sends with the lock held, the watcher locks before it receives",
             .body = [] { Run(Send::kWaits); },
             .expected = Expectation{.remain = {"updater: chan send", "watcher: lock",
                                                "closer: chan recv"}}},
            {.name = "fixed",
             .summary = "a send replaces what was not yet received, and so never blocks",
             .body = [] { Run(Send::kReplacesLatest); }},
        },
});

}  // namespace
