// Beginning a transaction starts a task that waits for its context's end, and its owner returns
// without a commit or a rollback. Source: cockroach#13197, in GoBench's GoKer (CGO 2021). Trigger:
// none.
//
// Why the fixed one is quiet under every schedule: the owner rolls back on its only way out, which
// cancels the context that the task waits for.
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Owner { kForgets, kRollsBack };

struct Tx {
  Tx() { std::tie(ctx, cancel) = WithCancel(Background()); }
  Context ctx;
  CancelFunc cancel;
};

std::shared_ptr<Tx> Begin() {
  const auto tx = std::make_shared<Tx>();
  Go("watcher", [tx] {
    tx->ctx.Done().Recv();  // Stuck: nobody ends the transaction.
  });
  return tx;
}

void Run(Owner owner) {
  const std::shared_ptr<Tx> tx = Begin();
  if (owner == Owner::kRollsBack) tx->cancel();
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_13197",
    .summary = "a transaction that nobody ends",
    .origin = {.category = "Comm: Channel & Context",
               .trigger = "owner forgets to cancel",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the owner returns without a rollback",
             .body = [] { Run(Owner::kForgets); },
             .expected = Expectation{.operation = "chan recv",
                                     .task = "watcher",
                                     .remain = {"watcher: chan recv"}}},
            {.name = "fixed",
             .summary = "the owner rolls back, which cancels",
             .body = [] { Run(Owner::kRollsBack); }},
        },
});

}  // namespace
