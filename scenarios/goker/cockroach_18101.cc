// A restore takes one value, waits for its context's end and returns; the task that sends it the
// values looks at nothing but its channel. Source: cockroach#18101, in GoBench's GoKer (CGO 2021).
// Trigger: none.
//
// Why the fixed one is quiet under every schedule: the sender watches the context together with
// each send, and the canceller cancels it whatever the others do. The restore waits for the same
// context, or for values whose sender either sends or closes.
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Sender { kIgnoresContext, kWatchesContext };

constexpr int kRoom = 6;

struct Restore {
  explicit Restore(Sender s) : sender(s) { std::tie(ctx, cancel) = WithCancel(Background()); }
  const Sender sender;
  Context ctx;
  CancelFunc cancel;
  Chan<int> ready = MakeChan<int>(kRoom);
};

void SplitAndScatter(const Restore& restore) {
  for (int i = 0; i < kRoom + 2; ++i) {
    if (restore.sender == Sender::kIgnoresContext) {
      restore.ready.Send(i);  // Stuck: the restore has returned with one value.
    } else if (Select(OnSend(restore.ready, i), OnRecv(restore.ctx.Done())) == 1) {
      break;
    }
  }
  restore.ready.Close();
}

void Run(Sender sender) {
  const auto restore = std::make_shared<Restore>(sender);
  Go("restore", [restore] {
    Go("splitter", [restore] { SplitAndScatter(*restore); });
    for ([[maybe_unused]] const int split : restore->ready) {
      Select(OnRecv(restore->ctx.Done()));
      return;
    }
  });
  Go("canceller", [restore] { restore->cancel(); });
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_18101",
    .summary = "the reader returns on a cancel, of which the writer knows nothing",
    .origin = {.category = "Comm: Channel & Context",
               .trigger = "reader returns on cancel, writer does not look at ctx",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "eight sends meet one receive and six places",
             .body = [] { Run(Sender::kIgnoresContext); },
             .expected = Expectation{.operation = "chan send",
                                     .task = "splitter",
                                     .remain = {"splitter: chan send"}}},
            {.name = "fixed",
             .summary = "each send watches the context",
             .body = [] { Run(Sender::kWatchesContext); }},
        },
});

}  // namespace
