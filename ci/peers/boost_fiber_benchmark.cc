// The programs of src/runtime/sim/simulator_benchmark.cc over Boost.Fiber, where it has what they
// need: it has no select. Its own scheduler, round robin, and pooled stacks, which are its fastest.
#include <benchmark/benchmark.h>

#include <boost/fiber/all.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace {

namespace fibers = boost::fibers;

constexpr int kMany = 1000;

// Stacks are kept from fiber to fiber, as the simulator keeps its own.
template <class F>
fibers::fiber Start(F&& f) {
  static fibers::pooled_fixedsize_stack stacks;
  return fibers::fiber(std::allocator_arg, stacks, std::forward<F>(f));
}

void Run(benchmark::State& state, const std::function<void()>& body, std::int64_t items) {
  body();
  for (auto _ : state) body();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * items);
}

void BM_PingPong(benchmark::State& state) {
  Run(
      state,
      [] {
        fibers::unbuffered_channel<int> ping;
        fibers::unbuffered_channel<int> pong;
        fibers::fiber other = Start([&ping, &pong] {
          for (int i = 0; i < kMany; ++i) pong.push(ping.value_pop());
        });
        for (int i = 0; i < kMany; ++i) {
          ping.push(i);
          benchmark::DoNotOptimize(pong.value_pop());
        }
        other.join();
      },
      kMany);
}
BENCHMARK(BM_PingPong);

// Its buffered channel of 64 has room for 63.
void BM_BufferedStream(benchmark::State& state) {
  Run(
      state,
      [] {
        fibers::buffered_channel<int> channel(64);
        fibers::fiber other = Start([&channel] {
          for (int i = 0; i < kMany; ++i) channel.push(i);
          channel.close();
        });
        for (const int value : channel) benchmark::DoNotOptimize(value);
        other.join();
      },
      kMany);
}
BENCHMARK(BM_BufferedStream);

void BM_SpawnAndEnd(benchmark::State& state) {
  Run(
      state,
      [] {
        std::vector<fibers::fiber> tasks;
        tasks.reserve(kMany);
        int ended = 0;
        for (int i = 0; i < kMany; ++i) tasks.push_back(Start([&ended] { ++ended; }));
        for (fibers::fiber& task : tasks) task.join();
        benchmark::DoNotOptimize(ended);
      },
      kMany);
}
BENCHMARK(BM_SpawnAndEnd);

void BM_MutexHandOff(benchmark::State& state) {
  Run(
      state,
      [] {
        fibers::mutex mutex;
        const auto work = [&mutex] {
          for (int i = 0; i < kMany / 2; ++i) {
            mutex.lock();
            boost::this_fiber::yield();
            mutex.unlock();
            boost::this_fiber::yield();
          }
        };
        fibers::fiber other = Start(work);
        work();
        other.join();
      },
      kMany);
}
BENCHMARK(BM_MutexHandOff);

void BM_TasksOnOneChannel(benchmark::State& state) {
  constexpr int kSends = 4;
  const std::int64_t tasks = state.range(0);
  Run(
      state,
      [tasks] {
        fibers::unbuffered_channel<int> channel;
        std::vector<fibers::fiber> senders;
        senders.reserve(static_cast<std::size_t>(tasks));
        for (std::int64_t task = 0; task < tasks; ++task) {
          senders.push_back(Start([&channel] {
            for (int i = 0; i < kSends; ++i) channel.push(i);
          }));
        }
        for (std::int64_t i = 0; i < tasks * kSends; ++i)
          benchmark::DoNotOptimize(channel.value_pop());
        for (fibers::fiber& sender : senders) sender.join();
      },
      tasks * kSends);
}
BENCHMARK(BM_TasksOnOneChannel)->Arg(10)->Arg(1'000);

}  // namespace
