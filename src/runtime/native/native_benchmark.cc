// What the primitives cost on real threads, each beside the same program over std::mutex and
// std::condition_variable. By the wall clock, since several threads work.
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "taskleak/taskleak.h"

namespace {

using taskleak::Go;
using taskleak::MakeChan;
using taskleak::WaitGroup;

// The peer's channel: a bounded queue, as anybody would write it.
class MutexQueue {
 public:
  explicit MutexQueue(std::size_t capacity) : capacity_(capacity) {}

  void Send(int value) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [this] { return values_.size() < capacity_; });
    values_.push_back(value);
    lock.unlock();
    not_empty_.notify_one();
  }

  std::optional<int> Recv() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [this] { return !values_.empty() || closed_; });
    if (values_.empty()) return std::nullopt;
    const int value = values_.front();
    values_.pop_front();
    lock.unlock();
    not_full_.notify_one();
    return value;
  }

  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<int> values_;
  bool closed_ = false;
};

// Runs `measure`, which uses the primitives on this thread and others.
template <class Measure>
void OnNativeRuntime(benchmark::State& state, const Measure& measure) {
  measure();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

// One value from one thread to another; the sender waits for the receiver.
void BM_NativeHandOff(benchmark::State& state) {
  OnNativeRuntime(state, [&state] {
    const auto channel = MakeChan<int>();
    WaitGroup receiver;
    receiver.Go([channel] {
      for (const int value : channel) benchmark::DoNotOptimize(value);
    });
    for (auto _ : state) channel.Send(1);
    channel.Close();
    receiver.Wait();
  });
}
BENCHMARK(BM_NativeHandOff)->UseRealTime();

void BM_MutexQueueHandOff(benchmark::State& state) {
  MutexQueue queue(1);
  std::thread receiver([&queue] {
    while (const std::optional<int> value = queue.Recv()) benchmark::DoNotOptimize(*value);
  });
  for (auto _ : state) queue.Send(1);
  queue.Close();
  receiver.join();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_MutexQueueHandOff)->UseRealTime();

// A value to another thread and back.
void BM_NativePingPong(benchmark::State& state) {
  OnNativeRuntime(state, [&state] {
    const auto ping = MakeChan<int>();
    const auto pong = MakeChan<int>();
    WaitGroup other;
    other.Go([ping, pong] {
      for (const int value : ping) pong.Send(value);
    });
    for (auto _ : state) {
      ping.Send(1);
      benchmark::DoNotOptimize(pong.Recv());
    }
    ping.Close();
    other.Wait();
  });
}
BENCHMARK(BM_NativePingPong)->UseRealTime();

void BM_MutexQueuePingPong(benchmark::State& state) {
  MutexQueue ping(1);
  MutexQueue pong(1);
  std::thread other([&ping, &pong] {
    while (const std::optional<int> value = ping.Recv()) pong.Send(*value);
  });
  for (auto _ : state) {
    ping.Send(1);
    benchmark::DoNotOptimize(pong.Recv());
  }
  ping.Close();
  other.join();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_MutexQueuePingPong)->UseRealTime();

// A send and a receive by one thread, with room in the buffer: nobody waits.
void BM_NativeBuffered(benchmark::State& state) {
  OnNativeRuntime(state, [&state] {
    const auto channel = MakeChan<int>(1);
    for (auto _ : state) {
      channel.Send(1);
      benchmark::DoNotOptimize(channel.Recv());
    }
  });
}
BENCHMARK(BM_NativeBuffered)->UseRealTime();

void BM_MutexQueueBuffered(benchmark::State& state) {
  MutexQueue queue(1);
  for (auto _ : state) {
    queue.Send(1);
    benchmark::DoNotOptimize(queue.Recv());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_MutexQueueBuffered)->UseRealTime();

// A lock that nobody else wants.
void BM_NativeMutex(benchmark::State& state) {
  OnNativeRuntime(state, [&state] {
    taskleak::Mutex mutex;
    for (auto _ : state) {
      mutex.Lock();
      mutex.Unlock();
    }
  });
}
BENCHMARK(BM_NativeMutex)->UseRealTime();

void BM_StdMutex(benchmark::State& state) {
  // Reached through a pointer that the compiler cannot follow, or it would know that nobody waits.
  std::mutex mutex;
  std::mutex* reached = &mutex;
  benchmark::DoNotOptimize(reached);
  for (auto _ : state) {
    reached->lock();
    reached->unlock();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_StdMutex)->UseRealTime();

// A task starts, and its end is waited for.
void BM_NativeSpawnAndEnd(benchmark::State& state) {
  OnNativeRuntime(state, [&state] {
    WaitGroup task;
    for (auto _ : state) {
      task.Add(1);
      Go([&task] { task.Done(); });
      task.Wait();
    }
  });
}
BENCHMARK(BM_NativeSpawnAndEnd)->UseRealTime();

void BM_StdThreadSpawnAndEnd(benchmark::State& state) {
  for (auto _ : state) {
    std::thread task([] {});
    task.join();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_StdThreadSpawnAndEnd)->UseRealTime();

}  // namespace
