// A loop that starts two workers waits for both of them behind the start of the first. Source:
// moby#25384, in GoBench's GoKer (CGO 2021). Trigger: none; there is more than one to start.
//
// Why the fixed one is quiet under every schedule: the wait comes when both are started, and each
// of them is done at once.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Wait { kInTheLoop, kBehindTheLoop };

constexpr int kPlugins = 2;

void RestoreAll(const std::shared_ptr<WaitGroup>& group, Wait wait) {
  group->Add(kPlugins);
  for (int i = 1; i <= kPlugins; ++i) {
    Go("plugin-" + std::to_string(i), [group] { group->Done(); });
    if (wait == Wait::kInTheLoop) {
      group->Wait();  // Stuck: the second worker is started behind this.
    }
  }
  if (wait == Wait::kBehindTheLoop) group->Wait();
}

void Run(Wait wait) {
  const auto group = std::make_shared<WaitGroup>();
  Go("manager", [group, wait] { RestoreAll(group, wait); });
}

const RegisterScenario kRegister({
    .name = "goker/moby_25384",
    .summary = "waiting for all in the loop that starts them",
    .origin = {.category = "Mixed: Misuse WaitGroup",
               .trigger = "Wait inside the loop that starts the workers",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the wait counts a worker that is not started yet",
             .body = [] { Run(Wait::kInTheLoop); },
             .expected = Expectation{.operation = "waitgroup wait",
                                     .task = "manager",
                                     .remain = {"manager: waitgroup wait"}}},
            {.name = "fixed",
             .summary = "the wait stands behind the loop",
             .body = [] { Run(Wait::kBehindTheLoop); }},
        },
});

}  // namespace
