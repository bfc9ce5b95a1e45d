// A request handler gives up after its timeout, and the task that does the work then sends on a
// channel that nobody receives from. Source: kubernetes#5316, in GoBench's GoKer (CGO 2021).
// Trigger: the timeout is shorter than the work.
//
// Why the fixed one is quiet under every schedule: the worker sends once, on one of two channels
// with room for one, so it never blocks, whether or not the handler is still there. The handler has
// its timer.
#include <chrono>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Room { kNone, kOne };

void Work(const SendChan<int>& result, const SendChan<int>& error) {
  Sleep(2ms);
  if (FuzzBool()) {
    error.Send(1);  // Stuck: the handler has timed out.
  } else {
    result.Send(1);  // Stuck: the same.
  }
}

void Handle(Room room) {
  const auto result = MakeChan<int>(room == Room::kOne ? 1 : 0);
  const auto error = MakeChan<int>(room == Room::kOne ? 1 : 0);
  Go("worker", [result, error] { Work(result, error); });
  Select(OnRecv(result), OnRecv(error), OnAfter(1ms));
}

void Run(Room room) {
  Go("handler", [room] { Handle(room); });
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_5316",
    .summary = "a handler that times out before its worker has sent",
    .origin = {.category = "Comm: Channel",
               .trigger = "timeout branch abandons the worker",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the worker's send waits for a handler that has returned",
             .body = [] { Run(Room::kNone); },
             .expected = Expectation{.operation = "chan send",
                                     .task = "worker",
                                     .remain = {"worker: chan send"}}},
            {.name = "fixed",
             .summary = "both channels have room for the one value",
             .body = [] { Run(Room::kOne); }},
        },
});

}  // namespace
