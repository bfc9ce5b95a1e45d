// A watch that has received an error sends it on as a result, and nobody receives results any more;
// the send does not look at the context. Source: kubernetes#25331, in GoBench's GoKer (CGO 2021).
// Trigger: none, the watch cancels only when it has taken the error.
//
// Why the fixed one is quiet under every schedule: the context ends only behind the hand-over of
// the error, so that the watch takes the error and the fault's send returns. The fault then cancels
// the context without waiting for anything, and the send of the result watches it.
#include <memory>
#include <optional>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Send { kAlone, kWithContext };

struct Watch {
  explicit Watch(Send s) : send(s) {
    std::tie(ctx, cancel) = WithCancel(Background());
    errors = MakeChan<int>();
    results = MakeChan<int>();
  }
  const Send send;
  Context ctx;
  CancelFunc cancel;
  Chan<int> errors;
  Chan<int> results;
};

void RunWatch(const Watch& watch) {
  std::optional<int> error;
  if (Select(OnRecv(watch.errors, error), OnRecv(watch.ctx.Done())) == 1) return;
  if (watch.send == Send::kAlone) {
    watch.cancel();
    watch.results.Send(*error);  // Stuck: nobody receives results.
  } else {
    Select(OnSend(watch.results, *error), OnRecv(watch.ctx.Done()));
  }
}

void Run(Send send) {
  const auto watch = std::make_shared<Watch>(send);
  Go("watch", [watch] { RunWatch(*watch); });
  Go("fault", [watch] {
    watch->errors.Send(1);
    watch->cancel();
  });
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_25331",
    .summary = "a send that does not look at the context",
    .origin = {.category = "Comm: Channel & Context",
               .trigger = "result send after the error path has no receiver",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the watch sends a result that nobody receives",
             .body = [] { Run(Send::kAlone); },
             .expected = Expectation{.operation = "chan send",
                                     .task = "watch",
                                     .remain = {"watch: chan send"}}},
            {.name = "fixed",
             .summary = "the send watches the context",
             .body = [] { Run(Send::kWithContext); }},
        },
});

}  // namespace
