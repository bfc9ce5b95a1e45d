// A function gives its result through a channel without room, and its caller ignores that. Source:
// moby#4395, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the channel has room for the one value.
#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

Chan<int> Start(std::size_t room) {
  const auto result = MakeChan<int>(room);
  Go("helper", [result] {
    result.Send(1);  // Stuck: the caller does not look at the result.
  });
  return result;
}

void Run(std::size_t room) { Start(room); }

const RegisterScenario kRegister({
    .name = "goker/moby_4395",
    .summary = "a result that its caller ignores",
    .origin = {.category = "Comm: Channel",
               .trigger = "caller ignores the returned result channel",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the helper's send waits for a receiver",
             .body = [] { Run(0); },
             .expected = Expectation{.operation = "chan send",
                                     .task = "helper",
                                     .remain = {"helper: chan send"}}},
            {.name = "fixed",
             .summary = "the channel has room for the result",
             .body = [] { Run(1); }},
        },
});

}  // namespace
