#include "fuzz/decisions.h"

#include "fuzz/replay.h"

namespace taskleak::internal {

Decisions::Decisions() {
  for (Sample& sample : samples_) sample.kept.reserve(kMostOfAKind);
}

void Decisions::Begin() {
  for (Sample& sample : samples_) {
    sample.kept.clear();
    sample.offered = 0;
  }
}

// Of more than there is room for, each is kept with the same probability (reservoir sampling:
// Vitter, "Random Sampling with a Reservoir", 1985).
void Decisions::Offer(const LoggedException& alternative) {
  Sample& sample = samples_[static_cast<std::size_t>(alternative.kind)];
  ++sample.offered;
  if (sample.kept.size() < kMostOfAKind) {
    sample.kept.push_back(alternative);
  } else if (const std::size_t place = dice_.Below(sample.offered); place < kMostOfAKind) {
    sample.kept[place] = alternative;
  }
}

void Decisions::End(std::span<const PathNode> paths) { paths_.assign(paths.begin(), paths.end()); }

bool Decisions::empty() const {
  for (const Sample& sample : samples_)
    if (!sample.kept.empty()) return false;
  return true;
}

std::optional<ScheduleEntry> Decisions::Draw(Chance& dice) const {
  std::array<std::size_t, kKinds> there = {};
  std::size_t count = 0;
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    if (!samples_[kind].kept.empty()) there[count++] = kind;
  if (count == 0) return std::nullopt;
  return Draw(dice, static_cast<ScheduleEntry::Kind>(there[dice.Below(count)]));
}

std::optional<ScheduleEntry> Decisions::Draw(Chance& dice, ScheduleEntry::Kind kind) const {
  const std::vector<LoggedException>& kept = samples_[static_cast<std::size_t>(kind)].kept;
  if (kept.empty()) return std::nullopt;
  return ToEntry(kept[dice.Below(kept.size())], paths_);
}

std::optional<TaskPath> Decisions::DrawTask(Chance& dice) const {
  if (paths_.empty()) return std::nullopt;
  return PathOf(paths_, static_cast<std::uint32_t>(dice.Below(paths_.size()) + 1));
}

void WatchingDecider::Begin(Decider& inner) {
  inner_ = &inner;
  fires_timers_early = inner.fires_timers_early;
  finds_timers = inner.finds_timers;
  layout_ = 0;
}

void WatchingDecider::Mix(std::uint64_t value) {
  layout_ = (layout_ ^ value) * 0x9e3779b97f4a7c15ULL;
  layout_ ^= layout_ >> 32;
}

void WatchingDecider::Offer(LoggedException::Kind kind, const SimTask& anchor, std::uint32_t sub,
                            std::uint32_t target, std::int64_t value) {
  decisions_.Offer({kind, static_cast<std::uint16_t>(sub), anchor.id, anchor.op, target, value});
}

void WatchingDecider::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) {
  inner_->OnTask(task, parent, ordinal);
}

Choice WatchingDecider::Schedule(const SchedulePoint& point) {
  using Kind = LoggedException::Kind;
  const SimTask& anchor = *point.anchor;
  const std::size_t ready = point.ready.size();
  const std::size_t held = point.held.size();
  Mix(anchor.path_hash + (static_cast<std::uint64_t>(anchor.op) << 16 | point.sub));
  Mix(ready << 32 | held << 16 | point.faults.size() << 4 | (point.timers != nullptr ? 2U : 0U) |
      (point.current != nullptr ? 1U : 0U));
  if (ready + held > 0) {
    const std::size_t which = dice_.Below(ready + held);
    const SimTask* task = which < ready ? point.ready[which] : point.held[which - ready];
    if (point.canonical.kind != ChoiceKind::kTask || point.canonical.task != task)
      Offer(Kind::kTask, anchor, point.sub, task->id, 0);
  }
  if (point.timers != nullptr) {
    TimerNode* timer = point.timers->SomeDue(dice_.Next());
    if (!(Choice::Timer(timer) == point.canonical))
      Offer(Kind::kTimer, anchor, point.sub, timer->owner, timer->ordinal);
  }
  if (!point.faults.empty()) {
    const Fault* fault = point.faults[dice_.Below(point.faults.size())];
    Offer(Kind::kFault, anchor, point.sub, fault->owner, fault->ordinal);
  }
  if (point.current != nullptr && point.current == point.anchor)
    Offer(Kind::kHold, anchor, point.sub, anchor.id, 0);
  // The simulator asks us everywhere; the inner one expects to be asked as seldom as it said.
  if (inner_->quiet > 0 && point.current != nullptr &&
      point.canonical == Choice::Task(point.current)) {
    --inner_->quiet;
    return point.canonical;
  }
  return inner_->Schedule(point);
}

std::uint32_t WatchingDecider::Case(SimTask* task, const Operation& op,
                                    std::span<const std::uint32_t> ready) {
  Mix(task->path_hash + (static_cast<std::uint64_t>(task->op) << 16 | ready.size()));
  if (ready.size() > 1)
    Offer(LoggedException::Kind::kCase, *task, task->sub, 0,
          ready[1 + dice_.Below(ready.size() - 1)]);
  return inner_->Case(task, op, ready);
}

bool WatchingDecider::TakeFault(SimTask* task, const Operation& op) {
  Mix(task->path_hash + (static_cast<std::uint64_t>(task->op) << 16 | 0xfffe));
  Offer(LoggedException::Kind::kEarlyReturn, *task, task->sub, 0, 0);
  return inner_->TakeFault(task, op);
}

std::int64_t WatchingDecider::Data(SimTask* task, const Operation& op, std::int64_t lo,
                                   std::int64_t hi, std::int64_t canonical) {
  Mix(task->path_hash + (static_cast<std::uint64_t>(task->op) << 16 | 0xffff));
  Mix(static_cast<std::uint64_t>(lo) * 31 + static_cast<std::uint64_t>(hi));
  // One of the ends, or anything between; the whole range needs no scaling.
  const std::uint64_t range = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  std::uint64_t offset = dice_.Next();
  if (range != UINT64_MAX)
    offset =
        static_cast<std::uint64_t>((static_cast<unsigned __int128>(offset) * (range + 1)) >> 64);
  if (dice_.OneIn(4)) offset = dice_.OneIn(2) ? 0 : range;
  const auto value = static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + offset);
  if (value != canonical) Offer(LoggedException::Kind::kData, *task, task->sub, 0, value);
  return inner_->Data(task, op, lo, hi, canonical);
}

}  // namespace taskleak::internal
