// For the tests below the harness: one body, one schedule, no search.
#ifndef TASKLEAK_RUNTIME_SIM_TESTING_H_
#define TASKLEAK_RUNTIME_SIM_TESTING_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/registry/snapshot.h"
#include "src/runtime/sim/simulator.h"

namespace taskleak::internal {

// The fair canonical run; with a seed, a uniformly random walk without timers out of turn and
// without faults.
class TestDecider : public Decider {
 public:
  explicit TestDecider(std::uint64_t seed = 0) : state_(seed) {}
  Choice Schedule(const SchedulePoint& point) override {
    const std::size_t count = point.ready.size() + (point.current != nullptr ? 1 : 0);
    if (state_ == 0 || count == 0) return point.canonical;
    const std::size_t i = Next() % count;
    return Choice::Task(i < point.ready.size() ? point.ready[i] : point.current);
  }
  std::uint32_t Case(SimTask*, const Operation&, std::span<const std::uint32_t> ready) override {
    return state_ == 0 ? ready[0] : ready[Next() % ready.size()];
  }
  bool TakeFault(SimTask*, const Operation&) override { return false; }
  std::int64_t Data(SimTask*, const Operation&, std::int64_t, std::int64_t,
                    std::int64_t canonical) override {
    return canonical;
  }

 private:
  std::uint64_t Next() {  // xorshift64 (Marsaglia, 2003).
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }
  std::uint64_t state_;
};

struct TestRun {
  RunResult result;
  std::vector<TaskSnapshot> left;  // The tasks that had not ended, before they were unwound.
};

inline TestRun RunOnce(const std::function<void()>& body, std::uint64_t seed = 0,
                       const RunOptions& options = {}) {
  Simulator simulator;
  TestDecider decider(seed);
  TestRun run;
  run.result = simulator.Run(body, decider, options, nullptr,
                             [&](const RunResult&) { run.left = SnapshotTasks(simulator); });
  return run;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_TESTING_H_
