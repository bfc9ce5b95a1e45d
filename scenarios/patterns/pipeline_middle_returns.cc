// The middle stage of a pipeline returns on an error; the stage before it goes on sending. Source:
// "Go Concurrency Patterns: Pipelines and cancellation" (The Go Blog, 2014).
//
// Why the fixed one is quiet under every schedule: the middle stage cancels on its way out, and the
// first watches the context with each send. The last stage's channel is closed on each way out.
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class OnError { kJustReturns, kCancels };

struct Pipeline {
  Pipeline() { std::tie(ctx, cancel) = WithCancel(Background()); }
  Context ctx;
  CancelFunc cancel;
  Chan<int> numbers = MakeChan<int>();
  Chan<int> squares = MakeChan<int>();
};

void Generate(const Pipeline& pipeline) {
  for (int i = 1; i <= 4; ++i) {
    const RecvChan<Unit> ended = pipeline.ctx.Done();
    if (Select(OnSend(pipeline.numbers, i), OnRecv(ended)) == 1) break;  // Stuck: it left.
  }
  pipeline.numbers.Close();
}

void Square(const Pipeline& pipeline, OnError on_error) {
  for (const int number : pipeline.numbers) {
    if (EarlyReturn("a number that overflows")) {
      if (on_error == OnError::kCancels) pipeline.cancel();
      break;
    }
    pipeline.squares.Send(number * number);
  }
  pipeline.squares.Close();
}

void Run(OnError on_error) {
  const auto pipeline = std::make_shared<Pipeline>();
  Go("generator", [pipeline] { Generate(*pipeline); });
  Go("squarer", [pipeline, on_error] { Square(*pipeline, on_error); });
  for ([[maybe_unused]] const int square : pipeline->squares) {
  }
}

const RegisterScenario kRegister({
    .name = "patterns/pipeline_middle_returns",
    .summary = "a stage that returns and leaves the one before it sending",
    .variants =
        {
            {.name = "leaky",
             .summary = "the generator's send has no receiver any more",
             .body = [] { Run(OnError::kJustReturns); },
             .expected = Expectation{.operation = "select",
                                     .task = "generator",
                                     .remain = {"generator: select"}}},
            {.name = "fixed",
             .summary = "the stage that returns cancels",
             .body = [] { Run(OnError::kCancels); }},
        },
});

}  // namespace
