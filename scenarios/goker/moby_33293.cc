// A function sends an error on a channel that it has not returned yet, so that nobody can receive.
// Source: moby#33293, in GoBench's GoKer (CGO 2021). Trigger: the error, which is data.
//
// Why the fixed one is quiet under every schedule: the channel has room for the one error.
#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

Chan<int> ContainerWait(std::size_t room) {
  const auto errors = MakeChan<int>(room);
  if (FuzzBool()) {
    errors.Send(1);  // Stuck: the caller gets the channel only when this has been sent.
    return errors;
  }
  return errors;
}

void Run(std::size_t room) {
  Go("waiter", [room] { ContainerWait(room); });
}

const RegisterScenario kRegister({
    .name = "goker/moby_33293",
    .summary = "a send on a channel that is not returned yet",
    .origin = {.category = "Comm: Channel",
               .trigger = "function sends on the channel it has not returned yet",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the error waits for a receiver that does not know the channel",
             .body = [] { Run(0); },
             .expected = Expectation{.operation = "chan send",
                                     .task = "waiter",
                                     .remain = {"waiter: chan send"}}},
            {.name = "fixed",
             .summary = "the channel has room for the error",
             .body = [] { Run(1); }},
        },
});

}  // namespace
