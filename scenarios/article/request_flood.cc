// Each request starts a task of its own, whose reply nobody receives: the tasks grow with the
// requests until memory ends. Source: the production service of the article on goroutine leaks,
// with 50,000 goroutines and 4.2 GB before the cure, 120 and 150 MB with a pool.
//
// Why the fixed one is quiet under every schedule: the dispatcher alone sends requests, and closes
// `requests` behind the last; the closer closes `replies` once all workers, who alone send replies,
// are done. If the client stays, root receives until `replies` is closed, so every request is taken
// and answered. If it has hung up, root cancels, and whatever dispatcher and workers wait for is
// watched together with the context; the closer waits for the workers alone.
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SCENARIO_ASAN
#elif __has_feature(thread_sanitizer)
#define SCENARIO_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SCENARIO_ASAN
#elif defined(__SANITIZE_THREAD__)
#define SCENARIO_TSAN
#endif

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

#if defined(SCENARIO_ASAN)
constexpr int kRequests = 10'000;
#elif defined(SCENARIO_TSAN)
constexpr int kRequests = 2'000;
#else
constexpr int kRequests = 50'000;
#endif
constexpr int kWorkers = 117;  // With root, dispatcher and closer: the article's 120.

void TaskPerRequest() {
  const auto replies = MakeChan<int>();
  for (int request = 0; request < kRequests; ++request)
    Go("request", [replies, request] { replies.Send(request); });
  // The client has hung up.
}

void Work(const Context& ctx, const Chan<int>& requests, const Chan<int>& replies) {
  for (;;) {
    std::optional<int> request;
    if (Select(OnRecv(requests, request), OnRecv(ctx.Done())) == 1 || !request) return;
    if (Select(OnAfter(20ms), OnRecv(ctx.Done())) == 1) return;
    if (Select(OnSend(replies, *request), OnRecv(ctx.Done())) == 1) return;
  }
}

void BoundedPool() {
  const std::pair<Context, CancelFunc> scope = WithCancel(Background());
  const Context ctx = scope.first;
  const auto requests = MakeChan<int>();
  const auto replies = MakeChan<int>();
  const auto workers = std::make_shared<WaitGroup>();
  for (int i = 0; i < kWorkers; ++i)
    workers->Go("worker", [ctx, requests, replies, workers] { Work(ctx, requests, replies); });
  Go("dispatcher", [ctx, requests] {
    for (int request = 0; request < kRequests; ++request)
      if (Select(OnSend(requests, request), OnRecv(ctx.Done())) == 1) break;
    requests.Close();
  });
  Go("closer", [replies, workers] {
    workers->Wait();
    replies.Close();
  });
  if (!EarlyReturn("the client has hung up"))
    while (replies.Recv()) {
    }
  scope.second();
}

const RegisterScenario kRegister({
    .name = "article/request_flood",
    .summary = "a task per request, 50,000 of them, and nobody to take their replies",
    .variants =
        {
            {.name = "leaky",
             .summary = "as many tasks as requests, all blocked in one send",
             .body = TaskPerRequest,
             .expected = Expectation{.operation = "chan send", .task = "request"},
             .options = {.schedules = 50, .max_steps = 1'000'000},
             .yardstick = "the article: 50,000+ and growing, 4.2 GB, restarted by hand"},
            {.name = "fixed",
             .summary = "117 workers serve all requests, and end with their context",
             .body = BoundedPool,
             .options = {.schedules = 50, .max_steps = 2'000'000},
             .yardstick = "the article: 120, 150 MB, under 100 ms"},
        },
});

}  // namespace
