// Selectively uniform random walk: every order of the operations on one object is as likely.
#ifndef TASKLEAK_FUZZ_STRATEGIES_SURW_H_
#define TASKLEAK_FUZZ_STRATEGIES_SURW_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/strategies/census.h"
#include "fuzz/strategies/disturber.h"

namespace taskleak::internal {

// For each schedule one object that tasks have in common is drawn: operations on it are the
// interesting ones. Whose is the next of them is drawn in proportion to how many each task, with
// the children that it has yet to start, has left; until that task is there, the others go on at
// random but are kept back before an interesting operation, unless nothing else can go. Zhao,
// Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025. How many
// operations there are is taken from an earlier run, counted by a census now and then.
//
// What it guarantees: in a body whose tasks do as many operations on that object in every run, and
// never block, each order of these operations is as likely as any other; a plain random walk
// prefers those in which the tasks keep pace. Bodies that block come as near to it as they allow.
//
// Beyond 1024 tasks, or without an object in common, it is a random walk that may switch at every
// operation.
class SurwStrategy final : public DisturbingStrategy {
 public:
  SurwStrategy(std::uint64_t seed, const FaultKinds& kinds) : DisturbingStrategy(seed, kinds) {}

  bool Begin(std::uint64_t index) override;
  void End(const RunResult& result) override;
  Observer* observer() override { return counting_ ? &census_ : nullptr; }
  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;

 private:
  static constexpr std::uint64_t kCountEvery = 32;
  // So many points without an interesting operation, and another task is drawn: the one that was
  // may wait, without blocking, for somebody who is kept back.
  static constexpr std::uint32_t kPatience = 1000;
  static constexpr std::size_t kLook = 64;

  bool Interesting(const Operation* op) const;
  bool StandsBefore(const SimTask* task) const;
  void DrawNext();
  SimTask* Choose(const SchedulePoint& point);
  void LetGo(SimTask* chosen);

  Census census_;
  bool counting_ = false;
  std::uint64_t object_ = 0;  // Its name; 0: none.
  std::span<const Census::Share> shares_;
  std::vector<std::uint32_t> left_;  // Interesting operations of each task. Index: id - 1.
  std::uint64_t all_left_ = 0;
  std::uint32_t next_ = 0;  // The task whose interesting operation is next; 0: to be drawn.
  std::uint32_t waited_ = 0;
  std::uint32_t timer_rate_ = 0;  // Out of 4096, as the next.
  std::uint32_t fault_rate_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_SURW_H_
