// A wait gives its poller the caller's channel as the sign to leave, and does not tell it when it
// returns itself: the poller polls on, and root, which waits for that sign, waits for a channel
// that it would close itself later. Source: kubernetes#70277, in GoBench's GoKer (CGO 2021).
// Trigger: none. (The poller leaves when its 20 s are over; root never does.)
//
// Why the fixed one is quiet under every schedule: the wait makes a channel of its own for the
// poller and closes it on its way out, which both root and the poller then see. The wait itself
// ends by one of the ticks, or by the close of `out` when the poller's timer fires before root
// could receive any; the poller's sends never wait.
#include <chrono>
#include <cstddef>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Done { kCallers, kOwn };

void Poll(const Chan<Unit>& out, const RecvChan<Unit>& done) {
  const Ticker ticker = NewTicker(1ms);
  const Timer timeout = NewTimer(20s);
  for (;;) {
    const std::size_t ready = Select(OnRecv(ticker.C()), OnRecv(timeout.C()), OnRecv(done));
    if (ready != 0) break;
    Select(OnSend(out, Unit()), OnDefault());
  }
  out.Close();
  timeout.Stop();
  ticker.Stop();
}

// Returns the channel that the poller was given.
RecvChan<Unit> WaitFor(const RecvChan<Unit>& stop, Done done) {
  const auto out = MakeChan<Unit>();
  Chan<Unit> own;
  if (done == Done::kOwn) own = MakeChan<Unit>();
  const RecvChan<Unit> handed = own ? own.AsRecv() : stop;
  Go("poller", [out, handed] { Poll(out, handed); });
  out.Recv();  // The condition then holds.
  if (own) own.Close();
  return handed;
}

void Run(Done done) {
  const auto stop = MakeChan<Unit>();
  const RecvChan<Unit> handed = WaitFor(stop, done);
  handed.Recv();  // Stuck: it is `stop`, which the wait does not close and which is closed below.
  stop.Close();
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_70277",
    .summary = "a wait that returns without ending its poller",
    .origin = {.category = "Comm: Channel",
               .trigger =
                   "caller waits for a done channel that is only closed when it returns itself",
               .natively = "4 of 4"},
    .variants =
        {
            {.name = "leaky",
             .summary = "root waits for the close of its own channel, which was handed on",
             .body = [] { Run(Done::kCallers); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan recv",
                                     .task = "root",
                                     .remain = {"root: chan recv"}}},
            {.name = "fixed",
             .summary = "the wait closes a channel of its own, which the poller watches",
             .body = [] { Run(Done::kOwn); }},
        },
});

}  // namespace
