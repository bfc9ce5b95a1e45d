#include "fuzz/strategies/surw.h"

#include <algorithm>

namespace taskleak::internal {

bool SurwStrategy::Begin(std::uint64_t index) {
  chance_.Begin(seed_, index);
  DrawDisturbances();
  timer_rate_ = kinds_.early_timers ? chance_.Pick({0u, 0u, 64u, 512u}) : 0;
  fault_rate_ = chance_.Pick({0u, 8u, 64u, 256u});
  fires_timers_early = timer_rate_ > 0;
  object_ = 0;
  shares_ = {};
  if (census_.object_count() > 0) {
    const std::size_t i = chance_.Below(census_.object_count());
    object_ = census_.object(i);
    shares_ = census_.shares(i);
  }
  left_.clear();
  all_left_ = 0;
  next_ = 0;
  waited_ = 0;
  counting_ = index % kCountEvery == 0;
  if (counting_) census_.Begin();
  return true;
}

void SurwStrategy::End(const RunResult& /*result*/) {
  if (counting_) census_.End();
}

// A child takes its part of what its parent had left.
void SurwStrategy::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t /*ordinal*/) {
  const auto share =
      std::lower_bound(shares_.begin(), shares_.end(), task->path_hash,
                       [](const Census::Share& a, std::uint64_t name) { return a.task < name; });
  const std::uint32_t own =
      share != shares_.end() && share->task == task->path_hash ? share->operations : 0;
  left_.push_back(own);
  all_left_ += own;
  if (parent == 0) return;
  const std::uint32_t from_parent = std::min(left_[parent - 1], own);
  left_[parent - 1] -= from_parent;
  all_left_ -= from_parent;
}

bool SurwStrategy::Interesting(const Operation* op) const {
  if (op == nullptr || object_ == 0) return false;
  if (op->object != nullptr && op->object->name_hash == object_) return true;
  for (std::size_t i = 0; i < op->case_count; ++i)
    if (op->cases[i].object != nullptr && op->cases[i].object->name_hash == object_) return true;
  return false;
}

// Whether an interesting operation is what it does next. One that was woken is in the midst of its
// operation, and not before it: Schedule notes who stands before which, LetGo that it goes.
bool SurwStrategy::StandsBefore(const SimTask* task) const {
  return reinterpret_cast<std::uintptr_t>(task->plan) == task->op && Interesting(task->operation);
}

void SurwStrategy::DrawNext() {
  next_ = 0;
  waited_ = 0;
  if (all_left_ == 0) return;
  std::uint64_t ticket = chance_.Below(all_left_);
  for (std::size_t i = 0; i < left_.size(); ++i) {
    if (ticket < left_[i]) {
      next_ = static_cast<std::uint32_t>(i + 1);
      return;
    }
    ticket -= left_[i];
  }
}

// Any of those that are not kept back; if there are none, any that stands before an interesting
// operation, in proportion to what it has left.
SimTask* SurwStrategy::Choose(const SchedulePoint& point) {
  SimTask* free = nullptr;
  SimTask* kept = nullptr;
  std::uint64_t free_seen = 0;
  std::uint64_t weight_seen = 0;
  const auto consider = [&](SimTask* task) {
    if (next_ == 0 || task->id == next_ || !StandsBefore(task)) {
      if (chance_.Below(++free_seen) == 0) free = task;
    } else {
      const std::uint64_t weight = left_[task->id - 1] + 1;
      weight_seen += weight;
      if (chance_.Below(weight_seen) < weight) kept = task;
    }
  };
  if (point.current != nullptr) consider(point.current);
  const std::size_t ready = point.ready.size();
  const std::size_t start = ready > kLook ? chance_.Below(ready) : 0;
  for (std::size_t i = 0; i < std::min(ready, kLook); ++i)
    consider(point.ready[start + i < ready ? start + i : start + i - ready]);
  return free != nullptr && ++waited_ <= kPatience ? free : kept != nullptr ? kept : free;
}

void SurwStrategy::LetGo(SimTask* chosen) {
  if (StandsBefore(chosen)) {
    std::uint32_t& left = left_[chosen->id - 1];
    if (left > 0) {
      --left;
      --all_left_;
    }
    next_ = 0;
  }
  chosen->plan = nullptr;  // The mark of a current one that does not go stays.
}

Choice SurwStrategy::Schedule(const SchedulePoint& point) {
  const std::uint64_t bits = chance_.Next();
  if (!point.faults.empty() && (bits & 4095) < fault_rate_)
    return Choice::Fault(point.faults[chance_.Below(point.faults.size())]);
  if (point.current == nullptr && point.ready.empty())  // Nothing can run.
    return point.timers != nullptr ? Choice::Timer(point.timers->SomeDue(chance_.Next()))
                                   : point.canonical;
  // All that can run have given way since something last blocked: time goes by.
  if (point.canonical.kind == ChoiceKind::kTimer) return point.canonical;
  if (point.timers != nullptr && (bits >> 12 & 4095) < timer_rate_ &&
      !point.timers->next()->FiringIsIdle())
    return Choice::Timer(point.timers->SomeDue(chance_.Next()));
  if (point.current != nullptr)
    point.current->plan = reinterpret_cast<void*>(std::uintptr_t{point.current->op});
  if (next_ == 0) DrawNext();
  SimTask* chosen = Choose(point);
  LetGo(chosen);
  return Choice::Task(chosen);
}

}  // namespace taskleak::internal
