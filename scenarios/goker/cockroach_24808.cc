// A compactor's start sends a wake-up into a channel that is full already, before it starts the
// worker who would receive it. Source: cockroach#24808, in GoBench's GoKer (CGO 2021). Trigger:
// none.
//
// Why the fixed one is quiet under every schedule: a wake-up that finds another one waiting is
// dropped, so that the start does not block; and root closes `quit`, which the worker watches.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class WakeUp { kBlocks, kIsDropped };

struct Compactor {
  explicit Compactor(WakeUp w) : wake_up(w) {}
  const WakeUp wake_up;
  Chan<Unit> wake = MakeChan<Unit>(1);
  Chan<Unit> quit = MakeChan<Unit>();
};

void Work(const Compactor& compactor) {
  while (Select(OnRecv(compactor.quit), OnRecv(compactor.wake)) == 1) {
  }
}

void Start(const std::shared_ptr<Compactor>& compactor) {
  if (compactor->wake_up == WakeUp::kBlocks) {
    compactor->wake.Send(Unit());  // Stuck: full, and the receiver is started by the next line.
  } else {
    compactor->wake.TrySend(Unit());
  }
  Go("compactor", [compactor] { Work(*compactor); });
}

void Run(WakeUp wake_up) {
  const auto compactor = std::make_shared<Compactor>(wake_up);
  compactor->wake.Send(Unit());
  Start(compactor);
  compactor->quit.Close();
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_24808",
    .summary = "a send to a worker that is not started yet",
    .origin = {.category = "Comm: Channel",
               .trigger = "send into an already full channel before the receiver is started",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the start waits for room that only the worker would make",
             .body = [] { Run(WakeUp::kBlocks); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan send",
                                     .task = "root",
                                     .remain = {"root: chan send"}}},
            {.name = "fixed",
             .summary = "a second wake-up is dropped",
             .body = [] { Run(WakeUp::kIsDropped); }},
        },
});

}  // namespace
