// A dial gives its connection a context of its own and returns without closing the connection,
// whose transport loop then retries for ever: the caller's cancel does not reach it. Source:
// grpc#862, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the dial closes the connection on its way out,
// which ends the connection's context and with it the loop's. The loop blocks in one place only, a
// select that watches that context; a timer that fires early costs it another round, and a schedule
// that is fair at all lets it pick the ended context in one of them.
#include <chrono>
#include <memory>
#include <utility>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class CleanUp { kNone, kClose };

struct Conn {
  Context ctx;
  CancelFunc cancel;

  void Close() const { cancel(); }
};

// Does not stay blocked, but goes round for ever: the report names the operation it was last in.
void ResetTransport(const Context& ctx) {
  for (int round = 1;; ++round) {
    const auto attempt = WithTimeout(ctx, 10ns);  // Stuck: tries again, the conn being open.
    attempt.second();                             // Stuck: the same.
    const Duration pause = 2ns * round;
    if (Select(OnAfter(pause), OnRecv(ctx.Done())) == 1) return;  // Stuck: the same.
  }
}

void Dial(const Context& caller, CleanUp clean_up) {
  const auto conn = std::make_shared<Conn>();
  const std::pair<Context, CancelFunc> own = WithCancel(Background());
  conn->ctx = own.first;
  conn->cancel = own.second;
  Go("transport", [conn] {
    const std::pair<Context, CancelFunc> child = WithCancel(conn->ctx);
    ResetTransport(child.first);
  });
  Select(OnRecv(caller.Done()), OnDefault());
  if (clean_up == CleanUp::kClose) conn->Close();
}

void Run(CleanUp clean_up) {
  const std::pair<Context, CancelFunc> caller = WithCancel(Background());
  const Context ctx = caller.first;
  const CancelFunc cancel = caller.second;
  Go("dialer", [ctx, clean_up] { Dial(ctx, clean_up); });
  Go("canceller", [cancel] { cancel(); });
}

const RegisterScenario kRegister({
    .name = "goker/grpc_862",
    .summary = "a retry loop whose context nobody ends",
    .origin = {.category = "Comm: Channel & Context",
               .trigger = "connection object is never closed on the cancelled path",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the dial returns and leaves the connection's transport loop running",
             .body = [] { Run(CleanUp::kNone); },
             .expected = Expectation{.task = "transport", .remain = {"transport: *"}},
             .options = {.max_steps = 10'000}},
            {.name = "fixed",
             .summary = "the dial closes the connection on its way out",
             .body = [] { Run(CleanUp::kClose); },
             .options = {.max_steps = 10'000}},
        },
});

}  // namespace
