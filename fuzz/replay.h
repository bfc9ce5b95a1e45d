// Runs a stored schedule, and makes one of a run's log.
#ifndef TASKLEAK_FUZZ_REPLAY_H_
#define TASKLEAK_FUZZ_REPLAY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/runtime/sim/decider.h"
#include "taskleak/schedule.h"

namespace taskleak::internal {

// Follows a schedule: canonical but for its entries, which are ignored where they are not reached
// or not possible. For one run after another, one at a time.
class ReplayDecider final : public Decider {
 public:
  explicit ReplayDecider(const taskleak::Schedule& schedule);
  ~ReplayDecider() override;

  // Before each run.
  void Begin();
  // How many of the schedule's decisions the run has come to, whether or not what they say was
  // possible there.
  std::size_t met() const { return met_; }

  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

 private:
  struct Node;
  Node* NodeAt(const TaskPath& path);
  const ScheduleEntry* Value(SimTask* task, ScheduleEntry::Kind kind);

  std::unique_ptr<Node> root_;
  std::size_t met_ = 0;
  std::vector<Node*>
      by_id_;  // The node of each task of this run; null where the schedule does not name it.
};

FaultKinds ToKinds(std::uint8_t faults);

// What a run did otherwise than the canonical one, by names that hold in every run.
ScheduleEntry ToEntry(const LoggedException& logged, std::span<const PathNode> paths);
taskleak::Schedule ScheduleOf(std::span<const LoggedException> log,
                              std::span<const PathNode> paths);
TaskPath PathOf(std::span<const PathNode> paths, std::uint32_t id);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_REPLAY_H_
