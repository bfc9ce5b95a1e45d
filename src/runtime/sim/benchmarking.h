// For the benchmarks: runs a body again and again on one simulator.
#ifndef TASKLEAK_RUNTIME_SIM_BENCHMARKING_H_
#define TASKLEAK_RUNTIME_SIM_BENCHMARKING_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>

#include "src/runtime/sanitizer.h"
#include "src/runtime/sim/simulator.h"
#include "src/runtime/sim/testing.h"

namespace taskleak::internal {

inline constexpr RunOptions kUnlimited = {.max_steps = 1'000'000'000};

// As many tasks as a sanitizer can carry: a task costs TSan 145 KB and 8 µs.
inline constexpr std::int64_t Tasks(std::int64_t wanted) {
  const std::int64_t most = kTsan ? 2'000 : kAsan ? 10'000 : wanted;
  return wanted < most ? wanted : most;
}

// Runs the body under the canonical schedule; `items` is how often it does what is measured. The
// first run is not timed: it touches the stacks that all later ones use again.
inline void RunCanonically(benchmark::State& state, const std::function<void()>& body,
                           std::int64_t items) {
  Simulator simulator;
  TestDecider decider;
  simulator.Run(body, decider, kUnlimited);
  std::uint64_t steps = 0;
  for (auto _ : state) steps += simulator.Run(body, decider, kUnlimited).steps;
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * items);
  state.counters["ns/step"] = benchmark::Counter(
      static_cast<double>(steps), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_BENCHMARKING_H_
