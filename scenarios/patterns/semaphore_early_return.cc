// A request takes a place of a semaphore and returns early without giving it back. Source: the
// documentation of golang.org/x/sync/semaphore, whose Release is the caller's; the same mistake as
// a missing unlock.
//
// Why the fixed one is quiet under every schedule: each request gives its place back on every way
// out, so that both get one.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnError { kKeepsThePlace, kReleases };

void Handle(Semaphore& places, OnError on_error) {
  places.Acquire();  // Stuck: the one before has returned with the only place.
  if (EarlyReturn("bad request")) {
    if (on_error == OnError::kReleases) places.Release();
    return;
  }
  places.Release();
}

void Run(OnError on_error) {
  const auto places = std::make_shared<Semaphore>(1);
  for (int i = 1; i <= 2; ++i)
    Go("request-" + std::to_string(i), [places, on_error] { Handle(*places, on_error); });
}

const RegisterScenario kRegister({
    .name = "patterns/semaphore_early_return",
    .summary = "a place that an early return does not give back",
    .variants =
        {
            {.name = "leaky",
             .summary = "the next request waits for a place for ever",
             .body = [] { Run(OnError::kKeepsThePlace); },
             .expected = Expectation{.operation = "semaphore acquire",
                                     .task = "request-*",
                                     .remain = {"request-*: semaphore acquire"}}},
            {.name = "fixed",
             .summary = "the early return releases",
             .body = [] { Run(OnError::kReleases); }},
        },
});

}  // namespace
