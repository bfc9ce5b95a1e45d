// A logger whose file cannot be made exits with its lock held, and the exit locks again. Source:
// cockroach#9935, in GoBench's GoKer (CGO 2021). Trigger: the error, which is data.
//
// Why the fixed one is quiet under every schedule: there is one task, and it unlocks before it
// calls what locks.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnError { kExitsLocked, kUnlocksFirst };

struct Logger {
  explicit Logger(OnError o) : on_error(o) {}
  const OnError on_error;
  Mutex mu;
};

bool CreateFile() { return FuzzInt(0, 3) == 0; }  // One time in four, as in the original.

void Exit(Logger& logger) {
  logger.mu.Lock();  // Stuck: its caller holds it.
  logger.mu.Unlock();
}

void Output(Logger& logger) {
  logger.mu.Lock();
  if (!CreateFile()) {
    if (logger.on_error == OnError::kUnlocksFirst) logger.mu.Unlock();
    Exit(logger);
    if (logger.on_error == OnError::kUnlocksFirst) return;
  }
  logger.mu.Unlock();
}

void Run(OnError on_error) {
  const auto logger = std::make_shared<Logger>(on_error);
  Go("logger", [logger] { Output(*logger); });
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_9935",
    .summary = "an error path that locks what is locked",
    .origin = {.category = "Resource: Double locking",
               .trigger = "error path re-locks",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the exit waits for the lock that its caller holds",
             .body = [] { Run(OnError::kExitsLocked); },
             .expected =
                 Expectation{.operation = "lock", .task = "logger", .remain = {"logger: lock"}}},
            {.name = "fixed",
             .summary = "the error path unlocks first",
             .body = [] { Run(OnError::kUnlocksFirst); }},
        },
});

}  // namespace
