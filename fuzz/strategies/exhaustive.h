// Every schedule there is.
#ifndef TASKLEAK_FUZZ_STRATEGIES_EXHAUSTIVE_H_
#define TASKLEAK_FUZZ_STRATEGIES_EXHAUSTIVE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "fuzz/chance.h"
#include "fuzz/strategies/driver.h"
#include "fuzz/strategies/steps.h"

namespace taskleak::internal {

enum class Reduction : std::uint8_t {
  kNone,        // Every order of steps: brute force.
  kSleepSets,   // None that only swaps independent steps of another; but many begun in vain.
  kSourceSets,  // And only those orders begun that some race asks for.
};

// Depth-first search over all decisions, by running the body again for each leaf. In the end each
// order of dependent steps, each choice of a select, each early return, each fault at each place
// and each value of fuzzed data has been run, so that a body that did not fail cannot fail.
//
// What it guarantees: of any two schedules that differ only in the order of independent steps one
// is run (sleep sets: Godefroid, "Partial-Order Methods for the Verification of Concurrent
// Systems", 1996; source sets: see steps.h). Steps are dependent when they share an object, of a
// select any of its cases; a jump of time depends on whatever reads or arms a clock and on other
// jumps. Tasks are taken to share data by operations only: plain memory shared without a lock is
// outside, and where the body marks it with PreemptionPoint nothing is reduced.
//
// Bounds, which the verdict names: runs that reach max_steps; wide ranges of fuzzed data, of which
// the ends and the canonical value are tried; and, if asked for, the number of preemptions
// (Musuvathi and Qadeer, "Iterative Context Bounding", PLDI 2007), which excludes reduction.
class ExhaustiveStrategy final : public StrategyDriver, private Observer, private Steps::Races {
 public:
  explicit ExhaustiveStrategy(const StrategyConfig& config,
                              Reduction reduction = Reduction::kSourceSets);

  bool Begin(std::uint64_t index) override;
  void End(const RunResult& result) override;
  Observer* observer() override { return this; }
  std::string Verdict() const override;
  bool Proven() const override;
  bool BeginCount() override;
  void EndCount() override;
  // So far, without those that were left as repetitions.
  std::uint64_t runs() const { return runs_; }

  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

 private:
  using Observer::OnTask;

  // Of one run: each is compared with those before it, and there are more runs than could end.
  static constexpr std::size_t kMostSteps = 10'000;
  // The process that ends the run where nothing but a fault could go on.
  static constexpr std::uint32_t kEnd = UINT32_MAX - 1;

  // What a run is for.
  enum class Aim : std::uint8_t {
    kExplore,
    kCount,   // One after the other, without reduction, to count them.
    kSample,  // One drawn at random, to estimate how many there are.
  };

  // What may be chosen at a point: a process, and how to find it again in another run that has come
  // the same way.
  struct Option {
    std::uint32_t process = 0;
    ChoiceKind kind = ChoiceKind::kTask;
    std::uint32_t owner = 0;  // kTask: the task itself.
    std::uint32_t ordinal = 0;
    std::size_t cause = Steps::kNone;  // kTimer: the step that armed it.
  };
  // A process whose next step, with this footprint, has been explored from here or need not be.
  struct Sleeper {
    std::uint32_t process;
    Footprint touched;
  };
  // One decision on the way to the present leaf.
  struct Node {
    std::size_t step = 0;         // The one that the choice begins, or in which the value is given.
    std::uint32_t values = 0;     // Of a select, an early return, data: how many. 0: a schedule's.
    std::uint32_t value = 0;      // The present one.
    std::vector<Option> options;  // Of a schedule's: the present one first.
    std::vector<std::uint32_t> wanted;  // Processes to explore from here, or explored already.
    std::vector<Sleeper> asleep;        // Those explored from here behind those asleep before.
    Footprint touched;                  // By the present choice's step, in all its runs.
  };
  struct TaskOfRun {
    SimTask* task = nullptr;
    std::uint32_t process = 0;
    const Operation* arrived = nullptr;  // What it stands before.
    std::size_t cause = Steps::kNone;    // The step that created it or last woke it.
    std::uint64_t path_hash = 0;
  };
  // A timer that is armed, or a fault that may come.
  struct Pending {
    std::uint32_t process = 0;
    std::size_t cause = Steps::kNone;
    TimerNode* timer = nullptr;
    Fault* fault = nullptr;
    Footprint touched;  // A fault's: what it would touch, as far as known.
  };
  // A step that did not happen but could have, behind step number `last` at the latest.
  struct Virtual {
    Steps::Step step;
    std::size_t last;
  };

  // Steps::Races
  bool Want(std::size_t at, std::span<const Steps::First> first) override;
  void WantAll(std::size_t at) override;
  void AddArms(std::size_t node, std::vector<std::size_t>& steps) const override;

  // Observer
  void OnBefore(const SimTask& task, const Operation& op) override;
  void OnAfter(const SimTask& task, const Operation& op, std::uint32_t outcome) override;
  void OnPark(const SimTask& task, const Operation& op) override;
  void OnUnpark(const SimTask& task) override;
  void OnEnd(const SimTask& task) override;
  void OnTimer(const TimerNode& timer) override;
  void OnFired() override;
  void OnTouch(const Object& object) override;
  void OnArm(TimerNode& timer) override;
  void OnDisarm(TimerNode& timer) override;
  void OnClock() override;
  void OnRunEnd(const RunResult& result) override;

  std::uint32_t Process(std::uint64_t name);
  std::uint32_t ProcessOf(const TimerNode& timer);
  std::uint32_t ProcessOf(const Fault& fault);
  void BeginStep(std::uint32_t process, Steps::Kind kind, std::size_t node, std::size_t cause);
  void EndStep();
  void Arrive(TaskOfRun& task);
  void InTask(std::uint32_t id);  // What follows is done in a step of that task's.
  void InStep();                  // Likewise of whoever is running.
  Footprint* Touched();           // Null where it is known from the run before.
  void Looked(const SimTask& task, const Operation& op);
  Footprint WhatTouches(const TimerNode* timer, const Fault* fault);
  Pending& Pend(std::uint32_t process);
  void RefreshFaults();
  void ClearRun();
  void FinishVirtual();
  void Leave();
  void CheckFaults();
  void Vanish(Pending& pending);

  Steps::Kind JumpKind(bool idle) const;
  std::size_t ArmedBy(const TimerNode& timer) const;
  void ListOptions(const SchedulePoint& point);
  Choice Find(const Option& option, const SchedulePoint& point);
  Choice Take(const Option& option, std::size_t node, const SchedulePoint& point);
  void MakeNode(const SchedulePoint& point);
  bool NextOption(Node& node);
  std::uint32_t Value(std::uint32_t values);
  bool IsAsleep(std::uint32_t process) const;
  std::size_t Sampled(std::size_t ways);
  std::string Total() const;

  const FaultKinds kinds_;
  const std::uint64_t max_steps_;
  const std::optional<int> preemption_bound_;
  Reduction reduction_;

  absl::flat_hash_map<std::uint64_t, std::uint32_t> processes_;  // Looked up, never iterated over.
  std::vector<Node> nodes_;  // The first depth_ of them; the others are kept for their memory.
  std::size_t depth_ = 0;
  Steps steps_;

  // This run:
  std::size_t next_node_ = 0;
  std::size_t begun_ = 0;   // Steps.
  std::size_t kept_ = 0;    // How many of them are as in the run before.
  bool open_ = false;       // The last step begun has not ended.
  bool external_ = false;   // It is a timer's or a fault's, which is firing.
  bool redundant_ = false;  // All that could go on had been explored: the rest repeats other runs.
  int preemptions_ = 0;
  std::uint32_t stepping_ = 0;  // The process of the last step begun.
  std::uint32_t taken_ = 0;     // The timer's process that has just been chosen.
  Footprint* collecting_ = nullptr;
  std::vector<TaskOfRun> tasks_;  // Index: id - 1.
  std::vector<Pending> pending_;
  std::vector<Virtual> virtual_;
  std::vector<Sleeper> asleep_;
  std::vector<Option> options_;

  // After the proof, of the tree without reduction:
  Aim aim_ = Aim::kExplore;
  std::uint64_t counted_ = 0;
  bool all_counted_ = false;
  std::uint64_t samples_ = 0;
  double log_ways_ = 0;  // Of this sample: the logarithm of the product of all numbers of options.
  double log_sum_ = 0;   // Of all samples: the logarithm of the sum of those products.
  Chance dice_;

  // What the verdict is made of.
  bool ended_ = false;
  bool plain_memory_ = false;
  bool narrowed_ = false;
  bool diverged_ = false;
  bool too_long_ = false;
  std::uint64_t runs_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t cut_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_EXHAUSTIVE_H_
