// The collector returns on receiving job 9's result if job 0's has not come by then, which takes a
// worker that starves while the two others do all the rest. Its send then finds nobody. Source: the
// article on goroutine leaks, whose worker pool has this in it while the send of a result does not
// watch the context.
//
// Why the fixed one is quiet under every schedule: the dispatcher alone sends jobs, and closes
// `jobs` behind the last; the closer closes `results` once all workers, who alone send results, are
// done. The collector either stays until that close and takes every result, or it returns and
// cancels, and whatever dispatcher and workers wait for is watched together with the context. A
// deadline that fires early only ends the context sooner.
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

// Owned by all tasks, since the collector may be the first to leave.
struct Pool {
  explicit Pool(ResultSend send) : result_send(send) {
    std::tie(ctx, cancel) = WithTimeout(Background(), 3s);
    jobs = MakeChan<int>(10);
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

void Dispatch(const Pool& pool) {
  for (int job = 0; job < 10; ++job)
    if (Select(OnSend(pool.jobs, job), OnRecv(pool.ctx.Done())) == 1) break;
  pool.jobs.Close();
}

void Collect(const Pool& pool) {
  bool first_came = false;
  for (const int job : pool.results) {
    if (job == 0) first_came = true;
    if (job == 9 && !first_came) return;
  }
}

void Run(ResultSend send) {
  const auto pool = std::make_shared<Pool>(send);
  for (int i = 1; i <= 3; ++i)
    pool->workers.Go("worker-" + std::to_string(i), [pool] { Work(*pool); });
  Go("dispatcher", [pool] { Dispatch(*pool); });
  Go("closer", [pool] {
    pool->workers.Wait();
    pool->results.Close();
  });
  Collect(*pool);
  pool->cancel();
}

const RegisterScenario kRegister({
    .name = "article/worker_pool_hard",
    .summary = "the pool, whose collector returns on the last job if the first has not come",
    .variants =
        {
            {.name = "leaky",
             .summary = "the worker that has job 0 starves, and comes when nobody receives",
             .body = [] { Run(ResultSend::kAlone); },
             .expected = Expectation{.operation = "chan send", .task = "worker-*"}},
            {.name = "fixed",
             .summary = "the send of a result watches the context",
             .body = [] { Run(ResultSend::kWithContext); }},
        },
});

}  // namespace
