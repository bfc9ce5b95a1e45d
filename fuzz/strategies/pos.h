// Partial order sampling: a priority for each operation.
#ifndef TASKLEAK_FUZZ_STRATEGIES_POS_H_
#define TASKLEAK_FUZZ_STRATEGIES_POS_H_

#include <cstddef>
#include <cstdint>

#include "fuzz/strategies/priority.h"

namespace taskleak::internal {

// Each operation that a task stands before has a random priority, and the highest goes. When one
// has been done, those that stand before an operation in conflict with it (on one object; of a
// select, on that of any case) draw again: so two orders that differ only in operations without
// conflict are as likely as one. Yuan, Yang, Gu, "Partial Order Aware Concurrency Sampling", CAV
// 2018. The clock's next firing is such an operation; how early it is, is drawn for each schedule.
//
// What it guarantees: of every body, each order of the conflicting operations has a positive
// probability, and one that a random walk reaches only past many operations without conflict is not
// the less likely for them. A task that must starve for long is improbable: it draws again with
// every operation of others on its object.
class PosStrategy final : public PriorityStrategy {
 public:
  PosStrategy(std::uint64_t seed, const FaultKinds& kinds) : PriorityStrategy(seed, kinds) {}

  bool Begin(std::uint64_t index) override;
  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;

 private:
  // Of a select with more cases, the first so many count.
  static constexpr std::size_t kMostObjects = 8;

  void AfterFiring() override { DrawClock(); }
  void DrawClock() { clock_ = clock_shift_ < 64 ? chance_.Next() >> clock_shift_ : 0; }
  void Remember(const SimTask& task);
  bool Conflicts(const SimTask& task) const;

  std::uint32_t clock_shift_ = 64;
  // The objects of the operation that was last let go, by their names: its memory may be another's
  // by now.
  std::uint64_t last_[kMostObjects] = {};
  std::size_t last_count_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_POS_H_
