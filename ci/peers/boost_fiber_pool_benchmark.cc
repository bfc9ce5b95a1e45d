// The plain worker pool of fuzz/strategies/random_benchmark.cc over Boost.Fiber, under a scheduler
// that picks at random: how many schedules a second somebody would get who built a fuzzer on it.
#include <benchmark/benchmark.h>

#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace {

namespace fibers = boost::fibers;

constexpr int kWorkers = 3;
constexpr int kJobs = 10;

// Resumes any of the fibers that can run. Used on one thread.
class RandomScheduler final : public fibers::algo::algorithm {
 public:
  void awakened(fibers::context* context) noexcept override { ready_.push_back(context); }

  fibers::context* pick_next() noexcept override {
    if (ready_.empty()) return nullptr;
    state_ ^= state_ << 13;  // xorshift64 (Marsaglia, 2003).
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    std::swap(ready_[state_ % ready_.size()], ready_.back());
    fibers::context* next = ready_.back();
    ready_.pop_back();
    return next;
  }

  bool has_ready_fibers() const noexcept override { return !ready_.empty(); }

  // Nothing but a fiber of this thread wakes a fiber here, so the thread need not sleep.
  void suspend_until(const std::chrono::steady_clock::time_point&) noexcept override {}
  void notify() noexcept override {}

 private:
  std::vector<fibers::context*> ready_;
  std::uint64_t state_ = 1;
};

// As the thread's scheduler while it lives.
class WithRandomScheduler {
 public:
  WithRandomScheduler() { fibers::use_scheduling_algorithm<RandomScheduler>(); }
  WithRandomScheduler(const WithRandomScheduler&) = delete;
  WithRandomScheduler& operator=(const WithRandomScheduler&) = delete;
  ~WithRandomScheduler() { fibers::use_scheduling_algorithm<fibers::algo::round_robin>(); }
};

// Boost.Fiber switches only where a fiber blocks. With `kPreempts` it also may before each
// operation, as the simulator does, without which most interleavings are never seen.
template <bool kPreempts>
void Point() {
  if constexpr (kPreempts) boost::this_fiber::yield();
}

template <class F>
fibers::fiber Start(F&& f) {
  static fibers::pooled_fixedsize_stack stacks;
  return fibers::fiber(std::allocator_arg, stacks, std::forward<F>(f));
}

template <bool kPreempts>
void PlainPool() {
  fibers::buffered_channel<int> jobs(16);  // Powers of two only; never full with ten.
  fibers::buffered_channel<int> results(16);
  std::vector<fibers::fiber> workers;
  workers.reserve(kWorkers);
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(Start([&jobs, &results] {
      for (;;) {
        Point<kPreempts>();
        int job = 0;
        if (jobs.pop(job) != fibers::channel_op_status::success) break;
        Point<kPreempts>();
        results.push(job);
      }
    }));
  }
  fibers::fiber dispatcher = Start([&jobs] {
    for (int i = 0; i < kJobs; ++i) {
      Point<kPreempts>();
      jobs.push(i);
    }
    Point<kPreempts>();
    jobs.close();
  });
  fibers::fiber closer = Start([&workers, &results] {
    for (fibers::fiber& worker : workers) worker.join();
    Point<kPreempts>();
    results.close();
  });
  for (;;) {
    Point<kPreempts>();
    int result = 0;
    if (results.pop(result) != fibers::channel_op_status::success) break;
    benchmark::DoNotOptimize(result);
  }
  dispatcher.join();
  closer.join();
}

template <bool kPreempts>
void BM_PlainPoolRandomSchedules(benchmark::State& state) {
  const WithRandomScheduler scheduler;
  PlainPool<kPreempts>();
  for (auto _ : state) PlainPool<kPreempts>();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_PlainPoolRandomSchedules<false>)->Name("BM_PlainPoolRandomSchedules");
BENCHMARK(BM_PlainPoolRandomSchedules<true>)->Name("BM_PlainPoolPreemptedSchedules");

}  // namespace
