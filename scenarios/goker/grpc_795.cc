// The server's graceful stop leaves its lock held, so that a second call waits for the first, which
// has returned. Source: grpc#795, in GoBench's GoKer (CGO 2021). Trigger: none, the second call is
// enough.
//
// Why the fixed one is quiet under every schedule: every path of the graceful stop unlocks, as the
// server's own task does, and nothing blocks while the lock is held.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Return { kLocked, kUnlocked };

struct Server {
  explicit Server(Return r) : on_return(r) {}
  const Return on_return;
  Mutex mu;
  bool draining = false;
};

void Serve(Server& server) {
  server.mu.Lock();
  server.mu.Unlock();
}

void GracefulStop(Server& server) {
  server.mu.Lock();  // Stuck: the call before has returned with the lock held.
  if (server.draining) {
    if (server.on_return == Return::kLocked) {
      server.mu.Lock();  // Where it should unlock; no call gets as far as this.
    } else {
      server.mu.Unlock();
    }
    return;
  }
  server.draining = true;
  if (server.on_return == Return::kUnlocked) server.mu.Unlock();
}

void Run(Return on_return) {
  const auto server = std::make_shared<Server>(on_return);
  Go("server", [server] { Serve(*server); });
  for (int call = 1; call <= 3; ++call) GracefulStop(*server);
}

const RegisterScenario kRegister({
    .name = "goker/grpc_795",
    .summary = "a function that returns with its lock held is called again",
    .origin = {.category = "Resource: Double locking",
               .trigger = "missing unlock in the stop routine",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the second graceful stop waits for the lock that the first has kept",
             .body = [] { Run(Return::kLocked); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "lock",
                                     .task = "root",
                                     .remain = {"root: lock", "?server: lock"}}},
            {.name = "fixed",
             .summary = "the graceful stop unlocks on every path",
             .body = [] { Run(Return::kUnlocked); }},
        },
});

}  // namespace
