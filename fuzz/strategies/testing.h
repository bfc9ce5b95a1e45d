// What the strategies' tests share: bodies, and a referee.
#ifndef TASKLEAK_FUZZ_STRATEGIES_TESTING_H_
#define TASKLEAK_FUZZ_STRATEGIES_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "fuzz/strategies/driver.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace taskleak::internal {

// Has something of every kind to decide.
inline void Everything() {
  auto [ctx, cancel] = WithTimeout(Background(), std::chrono::milliseconds(5));
  MayCancel(cancel);
  const auto ch = MakeChan<int>(1);
  const auto other = MakeChan<int>();
  MayClose(other);
  for (int i = 0; i < 3; ++i) {
    Go([=, ctx = ctx] {
      for (int n = 0; n < 4; ++n) {
        if (EarlyReturn("worker")) return;
        if (Select(OnSend(ch, n), OnRecv(ctx.Done()), OnRecv(other)) != 0) return;
        Sleep(std::chrono::milliseconds(1));
      }
    });
  }
  const std::int64_t receives = FuzzInt(1, 12);
  for (std::int64_t i = 0; i < receives; ++i) Select(OnRecv(ch), OnRecv(ctx.Done()), OnRecv(other));
  cancel();
}

inline void ThreeTasks() {
  for (int i = 0; i < 3; ++i) {
    Go([] {
      PreemptionPoint();
      PreemptionPoint();
    });
  }
}

// Passes on what a strategy decides, and fails the test where it answers what was not offered.
class Referee final : public Decider {
 public:
  explicit Referee(StrategyDriver& strategy) : strategy_(strategy) {}

  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override {
    strategy_.quiet = quiet;
    strategy_.OnTask(task, parent, ordinal);
    quiet = strategy_.quiet;
  }
  Choice Schedule(const SchedulePoint& point) override {
    strategy_.quiet = quiet;
    const Choice choice = strategy_.Schedule(point);
    quiet = strategy_.quiet;
    EXPECT_TRUE(IsOffered(point, choice)) << "kind " << static_cast<int>(choice.kind);
    return choice;
  }
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override {
    const std::uint32_t chosen = strategy_.Case(task, op, ready);
    EXPECT_NE(std::find(ready.begin(), ready.end(), chosen), ready.end()) << chosen;
    return chosen;
  }
  bool TakeFault(SimTask* task, const Operation& op) override {
    return strategy_.TakeFault(task, op);
  }
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override {
    const std::int64_t value = strategy_.Data(task, op, lo, hi, canonical);
    EXPECT_TRUE(lo <= value && value <= hi) << value;
    return value;
  }

 private:
  static bool IsOffered(const SchedulePoint& point, const Choice& choice) {
    if (choice == point.canonical) return true;
    switch (choice.kind) {
      case ChoiceKind::kTask:
        if (choice.task == nullptr) return false;
        return choice.task == point.current || ReadyList::Contains(choice.task) ||
               std::find(point.held.begin(), point.held.end(), choice.task) != point.held.end();
      case ChoiceKind::kTimer:
        return point.timers != nullptr && choice.timer->armed() &&
               choice.timer->when == point.timers->next()->when;
      case ChoiceKind::kFault:
        return std::find(point.faults.begin(), point.faults.end(), choice.fault) !=
               point.faults.end();
      case ChoiceKind::kHold:
        return point.current != nullptr && choice.task == point.current;
    }
    return false;
  }

  StrategyDriver& strategy_;
};

// One run after another, each under its referee. What was decided is in the simulator's log.
class Search {
 public:
  Search(Strategy strategy, std::uint64_t seed, const FaultKinds& kinds = {})
      : kinds_(kinds), driver_(MakeStrategy({strategy, seed, kinds})), referee_(*driver_) {}

  RunResult Next(const std::function<void()>& body) {
    EXPECT_TRUE(driver_->Begin(index_++)) << "it never comes to an end";
    referee_.quiet = driver_->quiet;
    referee_.fires_timers_early = driver_->fires_timers_early;
    RunResult result = simulator_.Run(body, referee_, {.kinds = kinds_}, driver_->observer());
    driver_->End(result);
    return result;
  }
  std::vector<std::uint64_t> Hashes(std::uint64_t count, const std::function<void()>& body) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) hashes.push_back(Next(body).trace_hash);
    return hashes;
  }
  // The number of the first run that does not end well, from 1; 0: none of so many.
  std::uint64_t FirstFailure(std::uint64_t most, const std::function<void()>& body) {
    for (std::uint64_t i = 1; i <= most; ++i)
      if (Next(body).end != RunEnd::kClean) return i;
    return 0;
  }
  const Simulator& simulator() const { return simulator_; }
  StrategyDriver& driver() { return *driver_; }

 private:
  const FaultKinds kinds_;
  Simulator simulator_;
  const std::unique_ptr<StrategyDriver> driver_;
  Referee referee_;
  std::uint64_t index_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_TESTING_H_
