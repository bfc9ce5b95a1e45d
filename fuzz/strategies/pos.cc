#include "fuzz/strategies/pos.h"

#include <algorithm>

namespace taskleak::internal {

bool PosStrategy::Begin(std::uint64_t index) {
  chance_.Begin(seed_, index);
  StartCounting();
  DrawDisturbances();
  if (index > 0) DrawFaults();  // The first measures how long a run is.
  clock_shift_ = kinds_.early_timers ? chance_.Pick({0u, 1u, 3u, 64u}) : 64;
  fires_timers_early = clock_shift_ < 64;
  DrawClock();
  last_count_ = 0;
  return true;
}

void PosStrategy::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) {
  PriorityStrategy::OnTask(task, parent, ordinal);
  task->priority = chance_.Next();
}

void PosStrategy::Remember(const SimTask& task) {
  last_count_ = 0;
  const Operation* op = task.operation;
  if (op == nullptr) return;  // It has yet to begin.
  if (op->object != nullptr) last_[last_count_++] = op->object->name_hash;
  const std::size_t cases = std::min<std::size_t>(op->case_count, kMostObjects - last_count_);
  for (std::size_t i = 0; i < cases; ++i)
    if (op->cases[i].object != nullptr) last_[last_count_++] = op->cases[i].object->name_hash;
}

bool PosStrategy::Conflicts(const SimTask& task) const {
  const Operation* op = task.operation;
  if (op == nullptr) return false;
  const auto used = [this](const Object* object) {
    return object != nullptr &&
           std::find(last_, last_ + last_count_, object->name_hash) != last_ + last_count_;
  };
  if (used(op->object)) return true;
  for (std::size_t i = 0; i < op->case_count; ++i)
    if (used(op->cases[i].object)) return true;
  return false;
}

Choice PosStrategy::Schedule(const SchedulePoint& point) {
  Choice choice;
  if (Forced(point, &choice)) return choice;
  // Once for each operation: where a timer or a fault came first, it is asked again.
  if (point.current != nullptr && point.sub == 0) point.current->priority = chance_.Next();
  if (last_count_ > 0) {
    const std::size_t ready = std::min(point.ready.size(), kLook);
    for (std::size_t i = 0; i < ready; ++i)
      if (Conflicts(*point.ready[i])) point.ready[i]->priority = chance_.Next();
    last_count_ = 0;
  }
  SimTask* highest = Highest(point);
  choice = Go(point, highest);
  if (choice.kind == ChoiceKind::kTask) Remember(*highest);
  return choice;
}

}  // namespace taskleak::internal
