// Two tasks each close the channel that says "stop". Source: Go's specification, by which closing a
// closed channel panics; "100 Go Mistakes and How to Avoid Them" (Harsanyi) and many a shutdown
// path.
//
// Why the fixed one is quiet under every schedule: a Once closes it, whoever comes first.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Close { kEach, kOnce };

struct Server {
  Chan<Unit> stop = MakeChan<Unit>();
  Once once;
};

void Shutdown(Server& server, Close close) {
  if (close == Close::kOnce) {
    server.once.Do([&server] { server.stop.Close(); });
  } else {
    server.stop.Close();  // Stuck: it panics, since the other has closed it.
  }
}

void Run(Close close) {
  const auto server = std::make_shared<Server>();
  Go("signal-handler", [server, close] { Shutdown(*server, close); });
  Go("health-check", [server, close] { Shutdown(*server, close); });
}

const RegisterScenario kRegister({
    .name = "patterns/double_close",
    .summary = "a channel that two tasks close",
    .variants =
        {
            {.name = "leaky",
             .summary = "the second close panics",
             .body = [] { Run(Close::kEach); },
             .expected = Expectation{.kind = FailureKind::kPanic, .operation = "chan close"}},
            {.name = "fixed", .summary = "a Once closes it", .body = [] { Run(Close::kOnce); }},
        },
});

}  // namespace
