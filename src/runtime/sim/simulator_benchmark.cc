// What the simulator costs: one micro-program for each cost. Figures are for one run of the body,
// or one item where items/s is shown. ci/peers/ has the same programs for its peers: a change here
// is a change there.
#include <benchmark/benchmark.h>

#include <optional>

#include "src/runtime/sim/benchmarking.h"
#include "taskleak/taskleak.h"

namespace {

using taskleak::Chan;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Mutex;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::Select;
using taskleak::Unit;
using taskleak::WaitGroup;
using taskleak::Yield;
using taskleak::internal::RunCanonically;

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

// The same through selects that also watch for the end.
void BM_SelectPingPong(benchmark::State& state) {
  RunCanonically(
      state,
      [] {
        const auto ping = MakeChan<int>();
        const auto pong = MakeChan<int>();
        const auto done = MakeChan<Unit>();
        Go([ping, pong, done] {
          std::optional<int> value;
          while (Select(OnRecv(ping, value), OnRecv(done)) == 0)
            if (Select(OnSend(pong, *value), OnRecv(done)) == 1) return;
        });
        std::optional<int> value;
        for (int i = 0; i < kMany; ++i) {
          Select(OnSend(ping, i), OnRecv(done));
          Select(OnRecv(pong, value), OnRecv(done));
        }
        done.Close();
      },
      kMany);
}
BENCHMARK(BM_SelectPingPong);

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

// Two tasks hand a mutex to each other: whoever holds it gives way, so that the other one blocks.
void BM_MutexHandOff(benchmark::State& state) {
  RunCanonically(
      state,
      [] {
        Mutex mutex;
        WaitGroup other;
        const auto work = [&mutex] {
          for (int i = 0; i < kMany / 2; ++i) {
            mutex.Lock();
            Yield();
            mutex.Unlock();
            Yield();
          }
        };
        other.Go(work);
        work();
        other.Wait();
      },
      kMany);
}
BENCHMARK(BM_MutexHandOff);

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
            benchmark::DoNotOptimize(Select(OnRecv(channels[0]), OnRecv(channels[1])));
          } else {
            benchmark::DoNotOptimize(Select(OnRecv(channels[0]), OnRecv(channels[1]),
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

}  // namespace
