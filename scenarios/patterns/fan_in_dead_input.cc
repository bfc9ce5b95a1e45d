// Two inputs are merged by taking from each in turn, and one of them ends without closing its
// channel. Source: the fan-in of Rob Pike's "Go Concurrency Patterns" (Google I/O 2012), written
// without a task for each input.
//
// Why the fixed one is quiet under every schedule: each input closes its channel on every way out,
// so that the merger's receives all return.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnEnd { kJustEnds, kCloses };

void Feed(const Chan<int>& out, OnEnd on_end) {
  for (int i = 0; i < 2; ++i) {
    if (EarlyReturn("the source is gone")) {
      if (on_end == OnEnd::kCloses) out.Close();
      return;
    }
    out.Send(i);
  }
  out.Close();
}

void Merge(const Chan<int>& left, const Chan<int>& right) {
  for (int i = 0; i < 2; ++i) {
    left.Recv();   // Stuck: this input has ended and not said so.
    right.Recv();  // Stuck: the same, of the other one.
  }
}

void Run(OnEnd on_end) {
  const auto left = MakeChan<int>(2);
  const auto right = MakeChan<int>(2);
  Go("left", [left, on_end] { Feed(left, on_end); });
  Go("right", [right, on_end] { Feed(right, on_end); });
  Go("merger", [left, right] { Merge(left, right); });
}

const RegisterScenario kRegister({
    .name = "patterns/fan_in_dead_input",
    .summary = "a merger of inputs, one of which ends without closing",
    .variants =
        {
            {.name = "leaky",
             .summary = "the merger waits for an input that has gone",
             .body = [] { Run(OnEnd::kJustEnds); },
             .expected = Expectation{.operation = "chan recv",
                                     .task = "merger",
                                     .remain = {"merger: chan recv"}}},
            {.name = "fixed",
             .summary = "each input closes its channel on every way out",
             .body = [] { Run(OnEnd::kCloses); }},
        },
});

}  // namespace
