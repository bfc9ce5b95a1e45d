// What a run could have decided otherwise: where mutations take their names from.
#ifndef TASKLEAK_FUZZ_DECISIONS_H_
#define TASKLEAK_FUZZ_DECISIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fuzz/chance.h"
#include "src/runtime/sim/decider.h"
#include "taskleak/schedule.h"

namespace taskleak::internal {

// Alternatives that were possible in one run, a sample of those of each kind. An entry drawn here
// names a task, an operation and a choice that exist, which one made up hardly ever does.
//
// One thread. Offer allocates nothing, so that it may be called from within a run.
class Decisions {
 public:
  Decisions();

  // A run begins: what the one before offered is forgotten.
  void Begin();
  // Something the run could do, though it may not. By the ids of the run.
  void Offer(const LoggedException& alternative);
  // The run is over, and its tasks were created so. Entries can be drawn until the next Begin.
  void End(std::span<const PathNode> paths);

  bool empty() const;
  // One of them: first of all kinds that there are one, then of it. Nothing if there is none.
  std::optional<ScheduleEntry> Draw(Chance& dice) const;
  std::optional<ScheduleEntry> Draw(Chance& dice, ScheduleEntry::Kind kind) const;
  // Some task's path.
  std::optional<TaskPath> DrawTask(Chance& dice) const;

 private:
  static constexpr std::size_t kKinds = 7;
  static constexpr std::size_t kMostOfAKind = 256;
  struct Sample {
    std::vector<LoggedException> kept;
    std::uint64_t offered = 0;
  };
  std::array<Sample, kKinds> samples_;
  std::vector<PathNode> paths_;
  Chance dice_{1};
};

// Lets another decider decide, and notes what else it was offered.
class WatchingDecider final : public Decider {
 public:
  explicit WatchingDecider(Decisions& decisions) : decisions_(decisions) {}

  // Before each run: who decides in it.
  void Begin(Decider& inner);
  // Of the decisions asked for since Begin, whatever was answered: which operation each belonged
  // to, and what was on offer. The same in every build.
  std::uint64_t layout() const { return layout_; }

  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

 private:
  void Mix(std::uint64_t value);
  void Offer(LoggedException::Kind kind, const SimTask& anchor, std::uint32_t sub,
             std::uint32_t target, std::int64_t value);

  Decisions& decisions_;
  Decider* inner_ = nullptr;
  std::uint64_t layout_ = 0;
  Chance dice_{2};
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_DECISIONS_H_
