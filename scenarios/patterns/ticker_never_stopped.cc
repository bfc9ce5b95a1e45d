// A loop over a ticker reports a statistic, and nobody tells it when its owner has gone. Source:
// the documentation of Go's time.Tick, and of NewTicker: stopping a ticker does not close its
// channel, so that ranging over it never ends.
//
// Why the fixed one is quiet under every schedule: the loop watches the context together with the
// ticks, and the owner cancels on its only way out.
#include <chrono>
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Owner { kForgets, kCancels };

void Report(const Context& ctx) {
  Ticker ticker = NewTicker(1s);
  for (;;) {
    if (Select(OnRecv(ticker.C()), OnRecv(ctx.Done())) == 1) break;  // Stuck: round and round.
  }
  ticker.Stop();
}

void Run(Owner owner) {
  const auto [ctx, cancel] = WithCancel(Background());
  Go("reporter", [ctx = ctx] { Report(ctx); });
  Sleep(3s);
  if (owner == Owner::kCancels) cancel();
}

const RegisterScenario kRegister({
    .name = "patterns/ticker_never_stopped",
    .summary = "a loop over a ticker that nobody ends",
    .variants =
        {
            {.name = "leaky",
             .summary = "the owner returns, and the loop goes on for ever",
             .body = [] { Run(Owner::kForgets); },
             .expected = Expectation{.operation = "select",
                                     .task = "reporter",
                                     .remain = {"reporter: select"}},
             .options = {.max_steps = 10'000}},
            {.name = "fixed",
             .summary = "the owner cancels, and the loop looks",
             .body = [] { Run(Owner::kCancels); },
             .options = {.max_steps = 10'000}},
        },
});

}  // namespace
