// A cancelled flow tells its inbound streams one after the other, and the first one is full.
// Source: cockroach#35931, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: each stream is told by a task of its own, so
// that the consumer's order does not matter: it takes one message from the right stream and two
// from the left, which is what there is.
#include <memory>
#include <vector>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Cancel { kOneByOne, kEachByItself };

struct FlowRegistry {
  Mutex mu;
  std::vector<Chan<int>> receivers;
};

void CancelPending(const std::shared_ptr<FlowRegistry>& registry, Cancel cancel) {
  registry->mu.Lock();
  const std::vector<Chan<int>> receivers = registry->receivers;
  registry->mu.Unlock();
  for (const Chan<int>& receiver : receivers) {
    if (cancel == Cancel::kEachByItself) {
      Go("canceller", [receiver] { receiver.Send(-1); });
    } else {
      receiver.Send(-1);  // Stuck: this stream is full, and nobody reads it.
    }
  }
}

void Run(Cancel cancel) {
  const auto left = MakeChan<int>(1);
  const auto right = MakeChan<int>(1);
  left.Send(1);
  const auto registry = std::make_shared<FlowRegistry>();
  registry->receivers = {left, right};
  if (cancel == Cancel::kEachByItself) {
    Go("consumer", [left, right] {
      right.Recv();
      left.Recv();
      left.Recv();
    });
  }
  CancelPending(registry, cancel);
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_35931",
    .summary = "telling one stream after the other, of which the first is full",
    .origin = {.category = "Comm: Channel",
               .trigger = "sequential push to a full stream",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the cancel waits at the full stream",
             .body = [] { Run(Cancel::kOneByOne); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan send",
                                     .task = "root",
                                     .remain = {"root: chan send"}}},
            {.name = "fixed",
             .summary = "each stream is told by a task of its own, and read",
             .body = [] { Run(Cancel::kEachByItself); }},
        },
});

}  // namespace
