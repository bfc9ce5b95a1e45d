// A server's loop accepts connections, and its shutdown tells the handlers and not the loop.
// Source: the documentation of Go's net.Listener: a blocked Accept returns when the listener is
// closed, and not before.
//
// Why the fixed one is quiet under every schedule: the shutdown closes the listener, for which the
// loop waits together with the connections; handlers wait for the context alone, which is
// cancelled.
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Shutdown { kCancels, kCancelsAndCloses };

struct Server {
  Server() { std::tie(ctx, cancel) = WithCancel(Background()); }
  Context ctx;
  CancelFunc cancel;
  Chan<int> connections = MakeChan<int>();
  Chan<Unit> closed = MakeChan<Unit>();
};

void Serve(const std::shared_ptr<Server>& server) {
  for (;;) {
    const std::size_t chosen =
        Select(OnRecv(server->connections), OnRecv(server->closed));  // Stuck: open still.
    if (chosen == 1) return;
    Go("handler", [server] { server->ctx.Done().Recv(); });
  }
}

void Run(Shutdown shutdown) {
  const auto server = std::make_shared<Server>();
  Go("acceptor", [server] { Serve(server); });
  for (int i = 0; i < 2; ++i) server->connections.Send(i);
  server->cancel();
  if (shutdown == Shutdown::kCancelsAndCloses) server->closed.Close();
}

const RegisterScenario kRegister({
    .name = "patterns/accept_loop",
    .summary = "a shutdown that the accept loop does not hear of",
    .variants =
        {
            {.name = "leaky",
             .summary = "the loop waits for the next connection",
             .body = [] { Run(Shutdown::kCancels); },
             .expected = Expectation{.operation = "select",
                                     .task = "acceptor",
                                     .remain = {"acceptor: select"}}},
            {.name = "fixed",
             .summary = "the shutdown closes the listener too",
             .body = [] { Run(Shutdown::kCancelsAndCloses); }},
        },
});

}  // namespace
