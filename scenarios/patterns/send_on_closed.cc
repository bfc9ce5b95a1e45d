// The receiver closes the channel when it has enough, while a producer is about to send. Source:
// Go's specification, by which a send on a closed channel panics, and its rule that the sender
// closes.
//
// Why the fixed one is quiet under every schedule: the receiver cancels and closes nothing; the
// producer watches the context with each send.
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Enough { kCloses, kCancels };

struct Stream {
  Stream() { std::tie(ctx, cancel) = WithCancel(Background()); }
  Context ctx;
  CancelFunc cancel;
  Chan<int> values = MakeChan<int>(1);
};

void Produce(const Stream& stream, Enough enough) {
  for (int i = 0; i < 3; ++i) {
    if (enough == Enough::kCancels) {
      if (Select(OnSend(stream.values, i), OnRecv(stream.ctx.Done())) == 1) return;
    } else {
      stream.values.Send(i);  // Stuck: it panics, since the receiver has closed it.
    }
  }
}

void Run(Enough enough) {
  const auto stream = std::make_shared<Stream>();
  Go("producer", [stream, enough] { Produce(*stream, enough); });
  stream->values.Recv();
  if (enough == Enough::kCloses) stream->values.Close();
  stream->cancel();
}

const RegisterScenario kRegister({
    .name = "patterns/send_on_closed",
    .summary = "a channel closed by its receiver",
    .variants =
        {
            {.name = "leaky",
             .summary = "the producer's next send panics",
             .body = [] { Run(Enough::kCloses); },
             .expected = Expectation{.kind = FailureKind::kPanic,
                                     .operation = "chan send",
                                     .task = "producer"}},
            {.name = "fixed",
             .summary = "the receiver cancels, and the producer looks",
             .body = [] { Run(Enough::kCancels); }},
        },
});

}  // namespace
