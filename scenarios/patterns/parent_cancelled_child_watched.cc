// A worker watches a context of its own making, and its owner cancels the one that it made that
// from with WithoutCancel. Source: the documentation of Go's context.WithoutCancel, made for work
// that outlives a request, and the request's owner who takes it for a child.
//
// Why the fixed one is quiet under every schedule: the worker watches a child of what is cancelled.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Watch { kDetached, kChild };

void Work(const Context& request, Watch watch) {
  const Context parent = watch == Watch::kDetached ? WithoutCancel(request) : request;
  const auto [ctx, cancel] = WithCancel(parent);
  Select(OnRecv(ctx.Done()));  // Stuck: what was cancelled is not above this context.
  cancel();
}

void Run(Watch watch) {
  const auto [ctx, cancel] = WithCancel(Background());
  Go("worker", [ctx = ctx, watch] { Work(ctx, watch); });
  cancel();
}

const RegisterScenario kRegister({
    .name = "patterns/parent_cancelled_child_watched",
    .summary = "the cancelled context is not above the one that is watched",
    .variants =
        {
            {.name = "leaky",
             .summary = "the worker's context was cut off from its parent",
             .body = [] { Run(Watch::kDetached); },
             .expected = Expectation{.operation = "select",
                                     .task = "worker",
                                     .remain = {"worker: select"}}},
            {.name = "fixed",
             .summary = "the worker watches a child",
             .body = [] { Run(Watch::kChild); }},
        },
});

}  // namespace
