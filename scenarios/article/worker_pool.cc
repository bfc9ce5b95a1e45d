// A worker whose send of a result does not watch the context blocks for ever once the collector has
// left, and so does each other task of the pool that waits for something nobody is bound to do.
// Source: the worker pool of the article on goroutine leaks (Go 1.21): 3 workers, 10 jobs that take
// 500 ms each, a deadline of 3 s, jobs and results buffered by 10.
//
// Why the fixed ones are quiet under every schedule, with any buffers, with or without a deadline:
//  - No send panics: the dispatcher alone sends jobs, and closes `jobs` behind the last; the closer
//    closes `results` once all workers, who alone send results, are done.
//  - If the collector stays until `results` is closed, it takes every result. A worker then gets a
//    job, or finds `jobs` closed, or the context ended; the dispatcher ends since workers take jobs
//    until the context ends; the closer ends with the workers, and the collector with the closer.
//  - If the collector returns early, it cancels. Whatever dispatcher and workers wait for is
//    watched together with the context, and there are ten jobs at most to go round with, so they
//    end whichever ready case they take; then the closer ends.
//  - A deadline that fires early or a cancel out of turn only ends the context sooner.
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Mistake {
  kNone,
  kSendIgnoresContext,
  kDispatcherIgnoresContext,
  kJobsNeverClosed,
  kCloserMissing,
  kNoCancel,
};

struct Setup {
  Mistake mistake = Mistake::kNone;
  std::size_t jobs = 10;     // Buffered.
  std::size_t results = 10;  // Buffered.
  Duration deadline = 3s;    // 0: none.
};

// Owned by all tasks, since the collector may be the first to leave.
struct Pool {
  explicit Pool(const Setup& setup) : mistake(setup.mistake) {
    std::tie(ctx, cancel) =
        setup.deadline > 0s ? WithTimeout(Background(), setup.deadline) : WithCancel(Background());
    jobs = MakeChan<int>(setup.jobs);
    results = MakeChan<int>(setup.results);
  }
  const Mistake mistake;
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
    if (pool.mistake == Mistake::kSendIgnoresContext) {
      pool.results.Send(*job);
    } else if (Select(OnSend(pool.results, *job), OnRecv(pool.ctx.Done())) == 1) {
      return;
    }
  }
}

void Dispatch(const Pool& pool) {
  for (int job = 0; job < 10; ++job) {
    if (pool.mistake == Mistake::kDispatcherIgnoresContext) {
      pool.jobs.Send(job);
    } else if (Select(OnSend(pool.jobs, job), OnRecv(pool.ctx.Done())) == 1) {
      break;
    }
  }
  if (pool.mistake != Mistake::kJobsNeverClosed) pool.jobs.Close();
}

void Collect(const Pool& pool) {
  for ([[maybe_unused]] int result : pool.results)
    if (EarlyReturn("first error")) return;
}

void Run(const Setup& setup) {
  const auto pool = std::make_shared<Pool>(setup);
  if (setup.mistake != Mistake::kNoCancel) MayCancel(pool->cancel);  // The client may hang up.
  for (int i = 1; i <= 3; ++i)
    pool->workers.Go("worker-" + std::to_string(i), [pool] { Work(*pool); });
  Go("dispatcher", [pool] { Dispatch(*pool); });
  if (setup.mistake != Mistake::kCloserMissing) {
    Go("closer", [pool] {
      pool->workers.Wait();
      pool->results.Close();
    });
  }
  Collect(*pool);
  if (setup.mistake != Mistake::kNoCancel) pool->cancel();
}

const RegisterScenario kRegister({
    .name = "article/worker_pool",
    .summary = "the article's pool: 3 workers, 10 jobs, a dispatcher, a closer, a collector",
    .variants =
        {
            {.name = "fixed",
             .summary = "the context is watched at every wait, and cancelled by whoever leaves",
             .body = [] { Run({}); }},
            {.name = "fixed_unbuffered",
             .summary = "the same without buffers or a deadline: the context alone is the cure",
             .body = [] { Run({.jobs = 0, .results = 0, .deadline = 0s}); }},
            {.name = "send_ignores_context",
             .summary = "a worker sends its result to a collector that has left",
             .body = [] { Run({.mistake = Mistake::kSendIgnoresContext, .results = 0}); },
             .expected = Expectation{.operation = "chan send", .task = "worker-*"}},
            {.name = "dispatcher_ignores_context",
             .summary = "the dispatcher sends a job to workers that have left",
             .body = [] { Run({.mistake = Mistake::kDispatcherIgnoresContext, .jobs = 0}); },
             .expected = Expectation{.operation = "chan send", .task = "dispatcher"}},
            {.name = "jobs_never_closed",
             .summary = "the workers wait for an eleventh job, and the collector for them",
             .body = [] { Run({.mistake = Mistake::kJobsNeverClosed, .deadline = 0s}); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan recv",
                                     .task = "root"}},
            {.name = "closer_missing",
             .summary = "nobody closes the results, so the collector waits for ever",
             .body = [] { Run({.mistake = Mistake::kCloserMissing}); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .operation = "chan recv",
                                     .task = "root"}},
            {.name = "no_cancel",
             .summary = "the collector leaves and never cancels the context that its workers watch",
             .body = [] { Run({.mistake = Mistake::kNoCancel, .results = 0, .deadline = 0s}); },
             .expected = Expectation{.operation = "select", .task = "worker-*"}},
        },
});

}  // namespace
