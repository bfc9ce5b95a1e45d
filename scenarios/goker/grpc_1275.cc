// A stream's reader waits for its receive buffer, and closing the stream puts nothing there: the
// reader never learns of it. Source: grpc#1275, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: closing the stream closes the buffer, so that
// the reader's receive returns, now or later, and the close of `done` that follows never blocks.
// The caller leaves on either; if its timer fires first, the reader only ends after it.
#include <chrono>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class CloseStream { kTellsNobody, kTellsReader };

void Read(const RecvChan<int>& buffer) {
  Select(OnRecv(buffer));  // Stuck: closing the stream puts nothing into the buffer.
}

void Run(CloseStream close_stream) {
  const auto buffer = MakeChan<int>();
  const auto done = MakeChan<Unit>();
  Go("reader", [buffer, done] {
    Read(buffer);
    done.Close();
  });
  if (close_stream == CloseStream::kTellsReader) buffer.Close();
  Select(OnRecv(done), OnAfter(300ns));
}

const RegisterScenario kRegister({
    .name = "goker/grpc_1275",
    .summary = "closing a stream does not wake its reader",
    .origin = {.category = "Comm: Channel",
               .trigger = "close operation forgets to wake the reader",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the reader waits for a buffer that nobody writes to",
             .body = [] { Run(CloseStream::kTellsNobody); },
             .expected = Expectation{.operation = "select",
                                     .task = "reader",
                                     .remain = {"reader: select"}}},
            {.name = "fixed",
             .summary = "closing the stream closes the buffer",
             .body = [] { Run(CloseStream::kTellsReader); }},
        },
});

}  // namespace
