// A limited error group's tasks hand over their results, and the function that started them returns
// on its first error: nobody receives, nobody waits for the group, nobody ends its context. Source:
// the documentation of golang.org/x/sync/errgroup, whose context ends with the first error or with
// Wait, and a caller that does neither.
//
// Why the fixed one is quiet under every schedule: a function that returns early cancels the parent
// of the group's context first, and each send watches that context.
#include <memory>
#include <string>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Leave { kJustLeaves, kCancels };

struct Fetch {
  Fetch() {
    std::tie(ctx, cancel) = WithCancel(Background());
    group = std::make_unique<ErrGroup>(ctx);
  }
  Context ctx;
  CancelFunc cancel;
  std::unique_ptr<ErrGroup> group;
  Chan<int> pages = MakeChan<int>();
};

void Run(Leave leave) {
  const auto fetch = std::make_shared<Fetch>();
  for (int page = 1; page <= 2; ++page)
    fetch->group->Go("fetcher-" + std::to_string(page), [fetch, page] {
      const RecvChan<Unit> ended = fetch->group->Ctx().Done();
      Select(OnSend(fetch->pages, page), OnRecv(ended));  // Stuck: all have left.
    });
  for (int page = 1; page <= 2; ++page) {
    if (EarlyReturn("a bad page")) {
      if (leave == Leave::kCancels) fetch->cancel();
      return;
    }
    fetch->pages.Recv();
  }
  fetch->group->Wait();
}

const RegisterScenario kRegister({
    .name = "patterns/errgroup_nobody_waits_for",
    .summary = "an error group whose owner returns early",
    .variants =
        {
            {.name = "leaky",
             .summary = "the tasks wait for a receiver or an end that does not come",
             .body = [] { Run(Leave::kJustLeaves); },
             .expected = Expectation{.operation = "select",
                                     .task = "fetcher-*",
                                     .remain = {"fetcher-*: select"}}},
            {.name = "fixed",
             .summary = "the early return cancels",
             .body = [] { Run(Leave::kCancels); }},
        },
});

}  // namespace
