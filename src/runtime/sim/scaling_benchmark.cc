// How the simulator's costs grow: with the tasks that are alive, and with those that wait on one
// channel. Flat would be the same figure at every size. Memory for a blocked task stands here too.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <fstream>
#include <optional>

#include "src/runtime/sim/benchmarking.h"
#include "taskleak/taskleak.h"

namespace {

using taskleak::Go;
using taskleak::MakeChan;
using taskleak::OnRecv;
using taskleak::Select;
using taskleak::Unit;
using taskleak::Yield;
using taskleak::internal::kUnlimited;
using taskleak::internal::RunCanonically;
using taskleak::internal::Simulator;
using taskleak::internal::Tasks;
using taskleak::internal::TestDecider;

constexpr int kSends = 4;

// That many tasks start, each sends four values on the one channel, and ends. All are alive at
// once, and all block.
void BM_TasksOnOneChannel(benchmark::State& state) {
  const std::int64_t tasks = state.range(0);
  RunCanonically(
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
BENCHMARK(BM_TasksOnOneChannel)->Arg(10)->Arg(1'000)->Arg(Tasks(100'000));

// Of this thread, in seconds: as the other benchmarks are timed.
double ProcessorTime() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// That many tasks wait on one channel, each to receive again and again; the sends are timed, each
// of which wakes the one that has waited longest.
void Serve(benchmark::State& state,
           void (*receive)(const taskleak::Chan<int>& channel, const taskleak::Chan<Unit>& done)) {
  const std::int64_t waiters = state.range(0);
  const std::int64_t sends = Tasks(20'000);
  double elapsed = 0;
  const auto body = [&] {
    const auto channel = MakeChan<int>();
    const auto done = MakeChan<Unit>();
    for (std::int64_t i = 0; i < waiters; ++i)
      Go([channel, done, receive] { receive(channel, done); });
    Yield();  // All of them wait now.
    const double start = ProcessorTime();
    for (int i = 0; i < sends; ++i) channel.Send(i);
    elapsed = ProcessorTime() - start;
    channel.Close();
    done.Close();
  };
  Simulator simulator;
  TestDecider decider;
  simulator.Run(body, decider, kUnlimited);
  for (auto _ : state) {
    simulator.Run(body, decider, kUnlimited);
    state.SetIterationTime(elapsed);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * sends);
}

void BM_Waiters(benchmark::State& state) {
  Serve(state, [](const taskleak::Chan<int>& channel, const taskleak::Chan<Unit>&) {
    while (channel.Recv()) {
    }
  });
}
BENCHMARK(BM_Waiters)->Arg(1)->Arg(100)->Arg(Tasks(10'000))->UseManualTime();

// Each wait is on two channels, so each send also takes its receiver from the middle of a queue.
void BM_SelectWaiters(benchmark::State& state) {
  Serve(state, [](const taskleak::Chan<int>& channel, const taskleak::Chan<Unit>& done) {
    std::optional<int> value;
    while (Select(OnRecv(channel, value), OnRecv(done)) == 0 && value) {
    }
  });
}
BENCHMARK(BM_SelectWaiters)->Arg(1)->Arg(100)->Arg(Tasks(10'000))->UseManualTime();

std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// How much the resident memory grows for each task that blocks in a send. Right when it is the only
// benchmark of its process, since memory that others gave back is used again.
void BM_MemoryPerBlockedTask(benchmark::State& state) {
  const std::int64_t tasks = state.range(0);
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  for (auto _ : state) {
    Simulator simulator;
    TestDecider decider;
    simulator.Run(
        [&] {
          const auto channel = MakeChan<int>();
          before = ResidentBytes();
          for (std::int64_t i = 0; i < tasks; ++i) Go([channel] { channel.Send(0); });
          Yield();  // All of them are blocked now.
          after = ResidentBytes();
          for (std::int64_t i = 0; i < tasks; ++i) channel.Recv();
        },
        decider, kUnlimited);
  }
  state.counters["bytes/task"] =
      (static_cast<double>(after) - static_cast<double>(before)) / static_cast<double>(tasks);
}
BENCHMARK(BM_MemoryPerBlockedTask)->Arg(Tasks(10'000))->Iterations(1);

}  // namespace
