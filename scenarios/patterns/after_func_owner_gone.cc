// A function that is to run after a context's end tells its owner so, and the owner may have gone
// by then. Source: the documentation of Go's context.AfterFunc: f runs as a task of its own, and
// stop does not wait for it.
//
// Why the fixed one is quiet under every schedule: the word has a place of its own, whether or not
// the owner is still there.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

void Run(std::size_t room) {
  const auto [ctx, cancel] = WithCancel(Background());
  const auto ended = MakeChan<Unit>(room);
  const StopFunc stop = AfterFunc(ctx, [ended] {
    ended.Send(Unit());  // Stuck: the owner has gone.
  });
  Go("canceller", [cancel = cancel] { cancel(); });
  if (EarlyReturn("the work is done")) {
    stop();
    return;
  }
  ended.Recv();
}

const RegisterScenario kRegister({
    .name = "patterns/after_func_owner_gone",
    .summary = "a function after a context's end, whose owner has gone",
    .variants =
        {
            {.name = "leaky",
             .summary = "the stop comes too late, and the function tells nobody",
             .body = [] { Run(0); },
             .expected = Expectation{.operation = "chan send"}},
            {.name = "fixed", .summary = "the word has a place of its own", .body = [] { Run(1); }},
        },
});

}  // namespace
