// The address watcher returns when its channel is closed and does not say so: the dial that waits
// for its word stays. Source: grpc#1424, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the balancer closes the addresses, which ends
// the watcher's loop, whenever it begins; the watcher closes `done` on its way out, which ends the
// dial's wait. Neither close depends on anything else.
#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Exit { kSilent, kSaysDone };

void Watch(const RecvChan<int>& addresses, const Chan<Unit>& done, Exit exit) {
  for ([[maybe_unused]] const int address : addresses) {
  }
  if (exit == Exit::kSaysDone) done.Close();
}

void Dial(const RecvChan<int>& addresses, Exit exit) {
  const auto done = MakeChan<Unit>();
  const auto waited = MakeChan<Unit>(1);
  Go("watcher", [addresses, done, exit] { Watch(addresses, done, exit); });
  done.Recv();  // Stuck: the watcher returns without closing it.
  waited.Close();
}

void Run(Exit exit) {
  Go("balancer", [exit] {
    const auto addresses = MakeChan<int>();
    Go("dialer", [addresses, exit] { Dial(addresses, exit); });
    addresses.Close();
  });
}

const RegisterScenario kRegister({
    .name = "goker/grpc_1424",
    .summary = "a watcher that ends without a word to the one who waits for it",
    .origin = {.category = "Comm: Channel",
               .trigger = "done channel is never closed",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the dial waits for the word of a watcher that has returned",
             .body = [] { Run(Exit::kSilent); },
             .expected = Expectation{.operation = "chan recv",
                                     .task = "dialer",
                                     .remain = {"dialer: chan recv"}}},
            {.name = "fixed",
             .summary = "the watcher closes `done` on its way out",
             .body = [] { Run(Exit::kSaysDone); }},
        },
});

}  // namespace
