// The caller returns on the first error while its helper still wants to send on an unbuffered
// channel: nobody will ever receive, and the helper stays. Source: the article on goroutine leaks,
// which calls this the typical one.
//
// Why the fixed ones are quiet under every schedule: the helper does one thing, a send, and nobody
// closes the channel. With room for one value it never blocks. With the context watched, it ends by
// the caller's receive or by the caller's cancel, one of which comes on every path; and as long as
// the caller may still receive, the context has not ended, so the helper's answer does come.
#include <utility>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Cure { kNone, kBuffer, kContext };

void Handle(const Context& ctx, Cure cure) {
  const auto answers = MakeChan<int>(cure == Cure::kBuffer ? 1 : 0);
  Go("helper", [ctx, answers, cure] {
    if (cure == Cure::kContext) {
      Select(OnSend(answers, 42), OnRecv(ctx.Done()));
    } else {
      answers.Send(42);
    }
  });
  if (EarlyReturn("first error")) return;
  answers.Recv();
}

void Run(Cure cure) {
  const std::pair<Context, CancelFunc> scope = WithCancel(Background());
  Handle(scope.first, cure);
  scope.second();
}

const RegisterScenario kRegister({
    .name = "article/early_return",
    .summary = "a caller returns on the first error and leaves its helper behind",
    .variants =
        {
            {.name = "leaky",
             .summary = "the helper's send waits for a receiver that has returned",
             .body = [] { Run(Cure::kNone); },
             .expected = Expectation{.operation = "chan send", .task = "helper"}},
            {.name = "fixed_buffer",
             .summary = "the channel has room for the one value, so the send never blocks",
             .body = [] { Run(Cure::kBuffer); }},
            {.name = "fixed_context",
             .summary = "the send watches the context that the caller cancels",
             .body = [] { Run(Cure::kContext); }},
        },
});

}  // namespace
