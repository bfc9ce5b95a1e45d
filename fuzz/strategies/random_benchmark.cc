// Schedules a second under the random strategies, and how the cost of the random walk grows with
// the tasks that can run.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "fuzz/strategies/driver.h"
#include "src/runtime/sim/benchmarking.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Background;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::OnAfter;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::Select;
using taskleak::Strategy;
using taskleak::WaitGroup;
using taskleak::internal::kUnlimited;
using taskleak::internal::RunCanonically;
using taskleak::internal::Simulator;
using taskleak::internal::Tasks;

constexpr int kWorkers = 3;
constexpr int kJobs = 10;

// The worker pool with nothing but its channels, as every peer can run it: 3 workers, 10 jobs,
// their results, a closer.
void PlainPool() {
  const auto jobs = MakeChan<int>(kJobs);
  const auto results = MakeChan<int>(kJobs);
  WaitGroup workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.Add(1);
    Go("worker", [&workers, jobs, results] {
      for (const int job : jobs) results.Send(job);
      workers.Done();
    });
  }
  Go("dispatcher", [jobs] {
    for (int i = 0; i < kJobs; ++i) jobs.Send(i);
    jobs.Close();
  });
  Go("closer", [&workers, results] {
    workers.Wait();
    results.Close();
  });
  for (const int result : results) benchmark::DoNotOptimize(result);
}

// The article's worker pool: each wait also watches a context with a deadline of 3 s, and a job
// takes 500 ms where `kJobsTakeTime`.
template <bool kJobsTakeTime>
void WorkerPool() {
  const auto [context, cancel] = WithTimeout(Background(), 3s);
  const auto jobs = MakeChan<int>(kJobs);
  const auto results = MakeChan<int>(kJobs);
  WaitGroup workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.Add(1);
    Go("worker", [&workers, ctx = context, jobs, results] {
      std::optional<int> job;
      while (Select(OnRecv(jobs, job), OnRecv(ctx.Done())) == 0 && job.has_value()) {
        if constexpr (kJobsTakeTime)
          if (Select(OnAfter(500ms), OnRecv(ctx.Done())) == 1) break;
        if (Select(OnSend(results, *job), OnRecv(ctx.Done())) == 1) break;
      }
      workers.Done();
    });
  }
  Go("dispatcher", [ctx = context, jobs] {
    for (int i = 0; i < kJobs; ++i)
      if (Select(OnSend(jobs, i), OnRecv(ctx.Done())) == 1) break;
    jobs.Close();
  });
  Go("closer", [&workers, results] {
    workers.Wait();
    results.Close();
  });
  for (const int result : results) benchmark::DoNotOptimize(result);
  cancel();
}

// Each run of the body under another schedule; the first is not timed, see RunCanonically.
void RunRandomly(benchmark::State& state, const std::function<void()>& body, std::int64_t items,
                 Strategy strategy = Strategy::kRandom) {
  Simulator simulator;
  const auto driver = taskleak::internal::MakeStrategy({.strategy = strategy});
  std::uint64_t index = 0;
  const auto run = [&] {
    driver->Begin(index++);
    const auto result = simulator.Run(body, *driver, kUnlimited, driver->observer());
    driver->End(result);
    return result.steps;
  };
  run();
  std::uint64_t steps = 0;
  for (auto _ : state) steps += run();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * items);
  state.counters["ns/step"] = benchmark::Counter(
      static_cast<double>(steps), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Schedules a second: items/s.
void BM_PlainPoolRandomSchedules(benchmark::State& state) { RunRandomly(state, PlainPool, 1); }
BENCHMARK(BM_PlainPoolRandomSchedules);

void BM_ContextPoolRandomSchedules(benchmark::State& state) {
  RunRandomly(state, WorkerPool<false>, 1);
}
BENCHMARK(BM_ContextPoolRandomSchedules);

void BM_WorkerPoolRandomSchedules(benchmark::State& state) {
  RunRandomly(state, WorkerPool<true>, 1);
}
BENCHMARK(BM_WorkerPoolRandomSchedules);

void BM_WorkerPoolSchedules(benchmark::State& state, Strategy strategy) {
  RunRandomly(state, WorkerPool<true>, 1, strategy);
}
BENCHMARK_CAPTURE(BM_WorkerPoolSchedules, pct, Strategy::kPct);
BENCHMARK_CAPTURE(BM_WorkerPoolSchedules, pos, Strategy::kPos);
BENCHMARK_CAPTURE(BM_WorkerPoolSchedules, surw, Strategy::kSurw);
BENCHMARK_CAPTURE(BM_WorkerPoolSchedules, portfolio, Strategy::kPortfolio);

void BM_WorkerPoolCanonical(benchmark::State& state) { RunCanonically(state, WorkerPool<true>, 1); }
BENCHMARK(BM_WorkerPoolCanonical);

// As BM_TasksOnOneChannel of src/runtime/sim/, under random schedules: a decision at every step.
void BM_RandomTasksOnOneChannel(benchmark::State& state) {
  constexpr int kSends = 4;
  const std::int64_t tasks = state.range(0);
  RunRandomly(
      state,
      [tasks] {
        const auto channel = MakeChan<int>();
        for (std::int64_t task = 0; task < tasks; ++task) {
          Go([channel] {
            for (int i = 0; i < kSends; ++i) channel.Send(i);
          });
        }
        for (std::int64_t i = 0; i < tasks * kSends; ++i) benchmark::DoNotOptimize(channel.Recv());
      },
      tasks * kSends);
}
BENCHMARK(BM_RandomTasksOnOneChannel)->Arg(10)->Arg(1'000)->Arg(Tasks(100'000));

}  // namespace
