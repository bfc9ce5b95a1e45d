// A connection is closed from the callback of its own dispatcher, and the close waits for the
// dispatcher to end. Source: syncthing#5795, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: the close runs as a task of its own, so that the
// dispatcher comes back to its select, finds `closed` closed and ends; so does the reader, which
// looks at it in each round.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Close { kInTheCallback, kByItself };

struct Connection {
  explicit Connection(Close c) : close(c) {}
  const Close close;
  Chan<int> inbox = MakeChan<int>();
  Chan<Unit> closed = MakeChan<Unit>();
  Chan<Unit> stopped = MakeChan<Unit>();
  Once once;
};

void CloseConnection(Connection& connection) {
  connection.once.Do([&connection] {
    connection.closed.Close();
    connection.stopped.Recv();  // Stuck: the dispatcher that is to stop is who waits here.
  });
}

void OnClusterConfig(const std::shared_ptr<Connection>& connection) {
  if (connection->close == Close::kInTheCallback) {
    CloseConnection(*connection);
  } else {
    Go("closer", [connection] { CloseConnection(*connection); });
  }
}

void Dispatch(const std::shared_ptr<Connection>& connection) {
  while (Select(OnRecv(connection->inbox), OnRecv(connection->closed)) == 0)
    OnClusterConfig(connection);
  connection->stopped.Close();
}

void Read(const Connection& connection) {
  while (!connection.closed.TryRecv().ready) {
  }
}

void Run(Close close) {
  const auto connection = std::make_shared<Connection>(close);
  Go("reader", [connection] { Read(*connection); });
  Go("dispatcher", [connection] { Dispatch(connection); });
  connection->inbox.Send(1);
  connection->stopped.Recv();
}

const RegisterScenario kRegister({
    .name = "goker/syncthing_5795",
    .summary = "a close that waits for the very task that calls it",
    .origin = {.category = "Comm: Channel",
               .trigger =
                   "close called from the dispatcher's own callback waits for the dispatcher",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the dispatcher waits for its own end",
             .body = [] { Run(Close::kInTheCallback); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan recv",
                                     .task = "dispatcher",
                                     .remain = {"root: chan recv", "dispatcher: chan recv"}}},
            {.name = "fixed",
             .summary = "the close runs as a task of its own",
             .body = [] { Run(Close::kByItself); }},
        },
});

}  // namespace
