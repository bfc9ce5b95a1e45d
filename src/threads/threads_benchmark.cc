// What tracking costs. One source, built with the wrapped calls and without: compare the two.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

void BM_ThreadCreateAndJoin(benchmark::State& state) {
  for (auto _ : state) std::thread([] {}).join();
}
BENCHMARK(BM_ThreadCreateAndJoin)->UseRealTime();
BENCHMARK(BM_ThreadCreateAndJoin)->Threads(2)->UseRealTime();

void BM_MutexUncontended(benchmark::State& state) {
  std::mutex mutex;
  for (auto _ : state) {
    mutex.lock();
    benchmark::DoNotOptimize(&mutex);
    mutex.unlock();
  }
}
BENCHMARK(BM_MutexUncontended);

// Two threads hand a turn to and fro: each wait is noted.
void BM_CondPingPong(benchmark::State& state) {
  std::mutex mutex;
  std::condition_variable changed;
  bool mine = true;
  bool stop = false;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return !mine || stop; });
      if (stop) return;
      mine = true;
      changed.notify_one();
    }
  });
  for (auto _ : state) {
    std::unique_lock lock(mutex);
    mine = false;
    changed.notify_one();
    changed.wait(lock, [&] { return mine; });
  }
  {
    const std::lock_guard lock(mutex);
    stop = true;
  }
  changed.notify_one();
  other.join();
}
BENCHMARK(BM_CondPingPong)->UseRealTime();

void BM_ReadOfAPipe(benchmark::State& state) {
  int ends[2];
  if (pipe(ends) != 0) return state.SkipWithError("no pipe");
  char byte = 0;
  for (auto _ : state) {
    if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
      return state.SkipWithError("the pipe broke");
  }
  close(ends[0]);
  close(ends[1]);
}
BENCHMARK(BM_ReadOfAPipe);

}  // namespace
