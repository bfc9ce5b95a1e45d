// A row channel's consumer fails at its start and goes without saying so, and its producers send on
// until they block. Source: cockroach#35073, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the consumer says that it is closed and takes
// one row, before it is done. Root pushes only after that and returns at once; the one pusher that
// may have asked before gets the place of that row, and nobody else takes it.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnFailure { kJustGoes, kSaysSo };

constexpr int kRoom = 16;

struct RowChannel {
  explicit RowChannel(OnFailure o) : on_failure(o) {}
  const OnFailure on_failure;
  Atomic<bool> needs_more = true;
  Chan<int> rows = MakeChan<int>(kRoom);
  WaitGroup readers;
};

void Push(RowChannel& channel, int row) {
  if (!channel.needs_more.load()) return;
  channel.rows.Send(row);  // Stuck: full, and the consumer has gone.
}

void Read(RowChannel& channel) {
  if (channel.on_failure == OnFailure::kJustGoes) return;
  channel.needs_more.store(false);
  channel.rows.TryRecv();
}

void Run(OnFailure on_failure) {
  const auto channel = std::make_shared<RowChannel>(on_failure);
  for (int row = 0; row < kRoom; ++row) Push(*channel, row);
  Go("pusher", [channel] { Push(*channel, kRoom); });
  channel->readers.Go("reader", [channel] { Read(*channel); });
  channel->readers.Wait();
  Push(*channel, kRoom + 1);
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_35073",
    .summary = "a consumer that fails at its start and tells nobody",
    .origin = {.category = "Comm: Channel",
               .trigger = "consumer exits at start-up without telling producers",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the producers wait for room that nobody makes",
             .body = [] { Run(OnFailure::kJustGoes); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan send",
                                     .remain = {"root: chan send", "pusher: chan send"}}},
            {.name = "fixed",
             .summary = "the consumer closes its side and lets a blocked one through",
             .body = [] { Run(OnFailure::kSaysSo); }},
        },
});

}  // namespace
