// The debounce task stops its timer, is told that it has fired already, and waits for the tick in
// order to drain it; but it has received that tick before, so that no other comes. Source:
// istio#18454, in GoBench's GoKer (CGO 2021). Trigger: the tick is received before a reset is, and
// the processor takes at least two events before it sees the cancel.
//
// Why the fixed one is quiet under every schedule: the drain takes the tick if it is there and goes
// on if not, so that the debounce task always comes back to its select, receives each reset, and
// the processor's sends of them go through. The processor ends at the latest when the events are
// used up, and cancels the debounce task on its way out.
#include <chrono>
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Drain { kWaits, kIfReady };

constexpr int kEvents = 20;  // The original's 1024 only raise the odds.

struct Processor {
  explicit Processor(Drain d) : drain(d) {
    std::tie(ctx, cancel) = WithCancel(Background());
    std::tie(strategy_ctx, strategy_cancel) = WithCancel(Background());
    events = MakeChan<int>(kEvents);
    reset = MakeChan<Unit>(1);
  }
  const Drain drain;
  Context ctx;
  CancelFunc cancel;
  Context strategy_ctx;
  CancelFunc strategy_cancel;
  Chan<int> events;
  Chan<Unit> reset;
  Mutex mu;
  bool started = false;
  Timer timer;
};

void RestartTimer(const Processor& p) {
  if (!p.timer.Stop()) {
    if (p.drain == Drain::kWaits) {
      p.timer.C().Recv();  // Stuck: the tick has been received, and the timer is stopped.
    } else {
      Select(OnRecv(p.timer.C()), OnDefault());
    }
  }
  p.timer.Reset(1ns);
}

void Debounce(const Processor& p) {
  for (;;) {
    switch (Select(OnRecv(p.timer.C()), OnRecv(p.reset), OnRecv(p.strategy_ctx.Done()))) {
      case 0:
        break;
      case 1:
        RestartTimer(p);
        break;
      default:
        p.timer.Stop();
        return;
    }
  }
}

void OnChange(const std::shared_ptr<Processor>& p) {
  p->mu.Lock();
  if (p->started) {
    p->mu.Unlock();
    p->reset.Send(Unit());
    return;
  }
  p->started = true;
  p->timer = NewTimer(1ns);
  Go("debouncer", [p] { Debounce(*p); });
  p->mu.Unlock();
}

void Process(const std::shared_ptr<Processor>& p) {
  while (Select(OnRecv(p->ctx.Done()), OnRecv(p->events)) == 1) OnChange(p);
  p->strategy_cancel();
}

void Run(Drain drain) {
  const auto p = std::make_shared<Processor>(drain);
  for (int i = 0; i < kEvents; ++i) p->events.Send(i);
  Go("processor", [p] { Process(p); });
  p->cancel();
}

const RegisterScenario kRegister({
    .name = "goker/istio_18454",
    .summary = "draining a stopped timer whose tick has been received before",
    .origin =
        {.category = "Comm: Channel & Context",
         .trigger =
             "timer already fired and its tick already consumed when reset does \"stop or drain\"",
         .natively = "9 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the debounce task waits for a tick that it has had",
             .body = [] { Run(Drain::kWaits); },
             .expected = Expectation{.operation = "chan recv",
                                     .task = "debouncer",
                                     .remain = {"debouncer: chan recv", "?processor: chan send"}}},
            {.name = "fixed",
             .summary = "it drains the timer only if the tick is there",
             .body = [] { Run(Drain::kIfReady); }},
        },
});

}  // namespace
