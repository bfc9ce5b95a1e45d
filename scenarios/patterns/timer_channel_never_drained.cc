// A timer is stopped, has fired already, and its channel is drained; but the loop has received that
// tick before, so that no other comes. Source: the documentation of Go's time.Timer before 1.23,
// whose "if !t.Stop() { <-t.C }" holds only where the tick has not been received.
//
// Why the fixed one is quiet under every schedule: the drain takes what is there, and waits for
// nothing.
#include <chrono>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Drain { kWaits, kIfThere };

void Retry(Drain drain) {
  Timer timer = NewTimer(1ms);
  timer.C().Recv();
  if (timer.Stop()) return;
  if (drain == Drain::kWaits) {
    timer.C().Recv();  // Stuck: the one tick has been received above.
  } else {
    timer.C().TryRecv();
  }
}

const RegisterScenario kRegister({
    .name = "patterns/timer_channel_never_drained",
    .summary = "draining a timer whose tick has been received",
    .variants =
        {
            {.name = "leaky",
             .summary = "the drain waits for a second tick",
             .body = [] { Go("retrier", [] { Retry(Drain::kWaits); }); },
             .expected = Expectation{.operation = "chan recv",
                                     .task = "retrier",
                                     .remain = {"retrier: chan recv"}}},
            {.name = "fixed",
             .summary = "the drain takes the tick only if it is there",
             .body = [] { Go("retrier", [] { Retry(Drain::kIfThere); }); }},
        },
});

}  // namespace
