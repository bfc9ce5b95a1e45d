// The article's pool with two workers and few jobs: small enough for every schedule to be explored.
// Source: the article on goroutine leaks; the sizes are ours.
//
// Why the fixed ones are quiet under every schedule: as in worker_pool.cc. Here
// --strategy=exhaustive proves it.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class ResultSend { kAlone, kWithContext };

struct Pool {
  explicit Pool(ResultSend send) : result_send(send) {
    std::tie(ctx, cancel) = WithTimeout(Background(), 3s);
    jobs = MakeChan<int>(1);
    results = MakeChan<int>();
  }
  const ResultSend result_send;
  Context ctx;
  CancelFunc cancel;
  Chan<int> jobs;
  Chan<int> results;
  WaitGroup workers;
};

void Work(const Pool& pool) {
  for (;;) {
    std::optional<int> job;
    if (Select(OnRecv(pool.jobs, job), OnRecv(pool.ctx.Done())) == 1 || !job) return;
    if (Select(OnAfter(500ms), OnRecv(pool.ctx.Done())) == 1) return;
    if (pool.result_send == ResultSend::kAlone) {
      pool.results.Send(*job);
    } else if (Select(OnSend(pool.results, *job), OnRecv(pool.ctx.Done())) == 1) {
      return;
    }
  }
}

void Run(int jobs, ResultSend send) {
  const auto pool = std::make_shared<Pool>(send);
  MayCancel(pool->cancel);  // The client may hang up.
  for (int i = 1; i <= 2; ++i)
    pool->workers.Go("worker-" + std::to_string(i), [pool] { Work(*pool); });
  Go("dispatcher", [pool, jobs] {
    for (int job = 0; job < jobs; ++job)
      if (Select(OnSend(pool->jobs, job), OnRecv(pool->ctx.Done())) == 1) break;
    pool->jobs.Close();
  });
  Go("closer", [pool] {
    pool->workers.Wait();
    pool->results.Close();
  });
  for ([[maybe_unused]] const int result : pool->results)
    if (EarlyReturn("first error")) break;
  pool->cancel();
}

const RegisterScenario kRegister({
    .name = "article/worker_pool_small",
    .summary =
        "the pool with two workers and two or three jobs, of which every schedule can be run",
    .variants =
        {
            {.name = "leaky",
             .summary = "a worker sends its result to a collector that has left",
             .body = [] { Run(2, ResultSend::kAlone); },
             .expected = Expectation{.operation = "chan send", .task = "worker-*"}},
            {.name = "fixed_two_jobs",
             .summary = "the context is watched at every wait; timers may fire at any time",
             .body = [] { Run(2, ResultSend::kWithContext); }},
            {.name = "fixed_three_jobs",
             .summary = "the same with one job more; timers fire when nothing else can move",
             .body = [] { Run(3, ResultSend::kWithContext); },
             .options = {.faults = kAllFaults & ~kEarlyTimers}},
        },
});

}  // namespace
