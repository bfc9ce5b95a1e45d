#include "fuzz/shrink.h"

#include <algorithm>
#include <utility>

namespace taskleak::internal {
namespace {

using Kind = ScheduleEntry::Kind;
using Entries = std::vector<ScheduleEntry>;

class Shrinker {
 public:
  Shrinker(const Schedule& schedule, const ShrinkHooks& hooks) : hooks_(hooks), best_(schedule) {}

  ShrinkResult Run() {
    Shorten();
    if (best_.size() > 1 && hooks_.holds) TryHolds();
    for (bool changed = true;
         changed && !ended_;) {  // A lower value may make an entry needless, and the reverse.
      const Schedule before = best_;
      Lower();
      while (!ended_ && RemoveChunks(1)) {
      }
      changed = !(best_ == before);
    }
    return {best_, !ended_, trials_};
  }

 private:
  // Adopts the candidate if it fails as well.
  bool Try(Entries entries) {
    if (ended_ || (hooks_.may_go_on && !hooks_.may_go_on(best_))) {
      ended_ = true;
      return false;
    }
    Schedule candidate(std::move(entries));
    candidate.max_steps = best_.max_steps;
    candidate.faults = best_.faults;
    candidate.layout = best_.layout;
    ++trials_;
    if (!hooks_.fails(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // Tries without each run of `size` entries; true if any could go.
  bool RemoveChunks(std::size_t size) {
    bool any = false;
    // From the end: what came late depends on what came early.
    for (std::size_t end = best_.size(); end > 0 && !ended_;) {
      end = std::min(end, best_.size());
      const std::size_t begin = end > size ? end - size : 0;
      Entries entries = best_.entries();
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(begin),
                    entries.begin() + static_cast<std::ptrdiff_t>(end));
      any |= Try(std::move(entries));
      end = begin;
    }
    return any;
  }

  void Shorten() {
    if (best_.empty() || Try({})) return;
    for (std::size_t size = (best_.size() + 1) / 2; size > 1 && !ended_; size = (size + 1) / 2) {
      RemoveChunks(size);
      if (size == 2) break;
    }
    while (!ended_ && RemoveChunks(1)) {
    }
  }

  // One hold for all that orders tasks, beside what faults and data there are; then one hold for as
  // much as it can stand for.
  void TryHolds() {
    Entries rest;
    std::size_t orderings = 0;
    for (const ScheduleEntry& entry : best_.entries()) {
      if (entry.kind == Kind::kTask || entry.kind == Kind::kTimer || entry.kind == Kind::kHold ||
          entry.kind == Kind::kCase)
        ++orderings;
      else
        rest.push_back(entry);
    }
    if (orderings < 2) return;
    const Entries holds = hooks_.holds(best_);
    for (const ScheduleEntry& hold : holds) {
      Entries entries = rest;
      entries.push_back(hold);
      if (ended_) return;
      if (Try(std::move(entries))) return Shorten();
    }
    // Two holds, where that is still fewer.
    if (orderings < 3 || holds.size() > 128) return;
    for (std::size_t i = 0; i < holds.size(); ++i) {
      for (std::size_t j = i + 1; j < holds.size(); ++j) {
        if (ended_) return;
        if (holds[i].task == holds[j].task) continue;
        Entries entries = rest;
        entries.push_back(holds[i]);
        entries.push_back(holds[j]);
        if (Try(std::move(entries))) return Shorten();
      }
    }
  }

  // What of an entry can be lowered, as the distance from where it is lowest. A hold and an early
  // return have no such thing; neither has a switch to the root.
  static std::int64_t Height(const ScheduleEntry& entry) {
    switch (entry.kind) {
      case Kind::kData:
      case Kind::kCase:
        return entry.value;
      case Kind::kTimer:
      case Kind::kFault:
        return entry.value - 1;
      case Kind::kTask:
        return entry.target.empty() ? 0 : std::int64_t{entry.target.back()} - 1;
      default:
        return 0;
    }
  }
  static void LowerBy(std::int64_t step, ScheduleEntry& entry) {
    if (entry.kind == Kind::kTask) {
      entry.target.back() = static_cast<std::uint32_t>(entry.target.back() - step);
    } else {
      entry.value -= step;
    }
  }

  // Each towards where it is lowest, by halves.
  void Lower() {
    for (std::size_t i = 0; i < best_.size() && !ended_; ++i) {
      for (std::int64_t step = Height(best_.entries()[i]); step != 0 && !ended_;) {
        Entries entries = best_.entries();
        LowerBy(step, entries[i]);
        if (!Try(std::move(entries)) || i >= best_.size()) {
          step /= 2;
        } else {
          const std::int64_t most = std::abs(Height(best_.entries()[i]));
          step = std::min(std::max(step, -most), most);
        }
      }
    }
  }

  const ShrinkHooks& hooks_;
  Schedule best_;
  bool ended_ = false;
  std::uint64_t trials_ = 0;
};

}  // namespace

ShrinkResult Shrink(const Schedule& schedule, const ShrinkHooks& hooks) {
  return Shrinker(schedule, hooks).Run();
}

}  // namespace taskleak::internal
