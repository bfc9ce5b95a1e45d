// A consistency check asks whether the store is quiescing by receiving from a channel that is
// closed only then. Source: cockroach#25456, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the question does not wait for its answer.
#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Question { kWaits, kLooks };

void Process(Question question, const Chan<Unit>& should_quiesce) {
  if (question == Question::kWaits) {
    should_quiesce.Recv();  // Stuck: nobody stops the store while it works.
  } else {
    Select(OnRecv(should_quiesce), OnDefault());
  }
}

void Run(Question question) {
  const auto should_quiesce = MakeChan<Unit>();
  for (int i = 0; i < 2; ++i) Process(question, should_quiesce);
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_25456",
    .summary = "a question put as a blocking receive",
    .origin = {.category = "Comm: Channel",
               .trigger = "status check written as blocking receive",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the check waits until the store quiesces",
             .body = [] { Run(Question::kWaits); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan recv",
                                     .task = "root",
                                     .remain = {"root: chan recv"}}},
            {.name = "fixed",
             .summary = "a select with a default looks, and goes on",
             .body = [] { Run(Question::kLooks); }},
        },
});

}  // namespace
