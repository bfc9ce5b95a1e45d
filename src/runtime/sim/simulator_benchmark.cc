// What the simulator costs: one micro-program for each cost. Figures are for one run of the body,
// or one item where items/s is shown.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <optional>

#include "fuzz/strategies/driver.h"
#include "src/runtime/sim/simulator.h"
#include "src/runtime/sim/testing.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Background;
using taskleak::Chan;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::OnAfter;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::WaitGroup;

using taskleak::internal::RunOptions;
using taskleak::internal::Simulator;
using taskleak::internal::TestDecider;

// Runs a body again and again on one simulator, under the canonical schedule.
void RunCanonically(benchmark::State& state, const std::function<void()>& body,
                    std::int64_t items) {
  Simulator simulator;
  TestDecider decider;
  const RunOptions options{.max_steps = 1'000'000'000};
  std::uint64_t steps = 0;
  for (auto _ : state) steps += simulator.Run(body, decider, options).steps;
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * items);
  state.counters["ns/step"] = benchmark::Counter(
      static_cast<double>(steps), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

constexpr int kMany = 1000;

// A step: decide, switch, channel operation. Every send and every receive switches tasks.
void BM_PingPong(benchmark::State& state) {
  RunCanonically(
      state,
      [] {
        const auto ping = MakeChan<int>();
        const auto pong = MakeChan<int>();
        Go([ping, pong] {
          for (int i = 0; i < kMany; ++i) pong.Send(*ping.Recv());
        });
        for (int i = 0; i < kMany; ++i) {
          ping.Send(i);
          benchmark::DoNotOptimize(pong.Recv());
        }
      },
      kMany);
}
BENCHMARK(BM_PingPong);

// Buffered: a switch only when the buffer is full or empty.
void BM_BufferedStream(benchmark::State& state) {
  RunCanonically(
      state,
      [] {
        const auto channel = MakeChan<int>(64);
        Go([channel] {
          for (int i = 0; i < kMany; ++i) channel.Send(i);
          channel.Close();
        });
        for (const int value : channel) benchmark::DoNotOptimize(value);
      },
      kMany);
}
BENCHMARK(BM_BufferedStream);

// Start and end of a task, with its creation stack.
void BM_SpawnAndEnd(benchmark::State& state) {
  RunCanonically(
      state,
      [] {
        WaitGroup tasks;
        tasks.Add(kMany);
        for (int i = 0; i < kMany; ++i) Go([&tasks] { tasks.Done(); });
        tasks.Wait();
      },
      kMany);
}
BENCHMARK(BM_SpawnAndEnd);

template <int kCases>
void BM_Select(benchmark::State& state) {
  RunCanonically(
      state,
      [] {
        Chan<int> channels[8];
        for (auto& channel : channels) channel = MakeChan<int>(1);
        for (int i = 0; i < kMany; ++i) {
          channels[i % kCases].Send(i);
          if constexpr (kCases == 2) {
            benchmark::DoNotOptimize(taskleak::Select(OnRecv(channels[0]), OnRecv(channels[1])));
          } else {
            benchmark::DoNotOptimize(taskleak::Select(OnRecv(channels[0]), OnRecv(channels[1]),
                                                      OnRecv(channels[2]), OnRecv(channels[3]),
                                                      OnRecv(channels[4]), OnRecv(channels[5]),
                                                      OnRecv(channels[6]), OnRecv(channels[7])));
          }
        }
      },
      kMany);
}
BENCHMARK(BM_Select<2>);
BENCHMARK(BM_Select<8>);

// The article's worker pool: 3 workers, 10 jobs of 500 ms, a 3 s deadline, results, a closer.
void WorkerPool() {
  const auto [context, cancel] = WithTimeout(Background(), 3s);
  const auto jobs = MakeChan<int>(10);
  const auto results = MakeChan<int>(10);
  WaitGroup workers;
  for (int i = 0; i < 3; ++i) {
    workers.Add(1);
    Go("worker", [&workers, ctx = context, jobs, results] {
      std::optional<int> job;
      while (Select(OnRecv(jobs, job), OnRecv(ctx.Done())) == 0 && job.has_value()) {
        if (Select(OnAfter(500ms), OnRecv(ctx.Done())) == 1) break;
        if (Select(OnSend(results, *job), OnRecv(ctx.Done())) == 1) break;
      }
      workers.Done();
    });
  }
  Go("dispatcher", [ctx = context, jobs] {
    for (int i = 0; i < 10; ++i)
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

// Schedules a second: items/s.
void BM_WorkerPoolRandomSchedules(benchmark::State& state) {
  Simulator simulator;
  const auto driver = taskleak::internal::MakeStrategy(taskleak::Strategy::kRandom, 1, {});
  std::uint64_t index = 0;
  std::uint64_t steps = 0;
  for (auto _ : state) {
    driver->Begin(index++);
    steps += simulator.Run(WorkerPool, *driver, {}).steps;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["ns/step"] = benchmark::Counter(
      static_cast<double>(steps), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_WorkerPoolRandomSchedules);

void BM_WorkerPoolCanonical(benchmark::State& state) { RunCanonically(state, WorkerPool, 1); }
BENCHMARK(BM_WorkerPoolCanonical);

}  // namespace
