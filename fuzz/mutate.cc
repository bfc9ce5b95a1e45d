#include "fuzz/mutate.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace taskleak::internal {
namespace {

using Kind = ScheduleEntry::Kind;
using Entries = std::vector<ScheduleEntry>;

ScheduleEntry& Any(Entries& entries, Chance& dice) { return entries[dice.Below(entries.size())]; }

void Insert(Entries& entries, const Decisions& known, Chance& dice) {
  if (std::optional<ScheduleEntry> entry = known.Draw(dice); entry.has_value())
    entries.push_back(*std::move(entry));
}

void Delete(Entries& entries, Chance& dice) {
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(dice.Below(entries.size())));
}

// To a neighbouring operation of its task, or to where something of its kind is known to be
// possible: how a fault or a switch comes a little sooner or later.
void Move(ScheduleEntry& entry, const Decisions& known, Chance& dice) {
  if (dice.OneIn(2)) {
    const auto step = static_cast<std::uint32_t>(1 + dice.Below(3));
    if (dice.OneIn(2))
      entry.op += step;
    else
      entry.op -= std::min(entry.op, step);
    entry.sub = 0;
  } else if (const auto other = known.Draw(dice, entry.kind); other.has_value()) {
    entry.task = other->task;
    entry.op = other->op;
    entry.sub = other->sub;
  }
}

// Another task runs, another timer fires, another case is taken, another number is given. What has
// no choice of its own gets another kind of one.
void Retarget(ScheduleEntry& entry, const Decisions& known, Chance& dice) {
  const auto other = known.Draw(dice, entry.kind);
  switch (entry.kind) {
    case Kind::kTask:
      if (auto task = known.DrawTask(dice); task.has_value()) entry.target = *std::move(task);
      break;
    case Kind::kTimer:
    case Kind::kFault:
      if (other.has_value()) {
        entry.target = other->target;
        entry.value = other->value;
      }
      break;
    case Kind::kCase:
      entry.value = static_cast<std::int64_t>(dice.Below(4));
      break;
    case Kind::kData: {
      // A neighbour, a bit, the sign, or a number from somewhere else.
      const auto bits = static_cast<std::uint64_t>(entry.value);
      const std::size_t which = dice.Below(4);
      if (which == 0)
        entry.value = static_cast<std::int64_t>(bits + (dice.OneIn(2) ? 1 : ~std::uint64_t{0}));
      else if (which == 1)
        entry.value = static_cast<std::int64_t>(bits ^ std::uint64_t{1} << dice.Below(64));
      else if (which == 2)
        entry.value = static_cast<std::int64_t>(~bits + 1);
      else if (other.has_value())
        entry.value = other->value;
      break;
    }
    case Kind::kHold:
      entry.kind = Kind::kTask;
      if (auto task = known.DrawTask(dice); task.has_value()) entry.target = *std::move(task);
      break;
    case Kind::kEarlyReturn:
      if (other.has_value()) entry = *other;
      break;
  }
}

void SwapChoices(Entries& entries, Chance& dice) {
  ScheduleEntry& a = Any(entries, dice);
  ScheduleEntry& b = Any(entries, dice);
  std::swap(a.kind, b.kind);
  std::swap(a.target, b.target);
  std::swap(a.value, b.value);
}

void Change(Entries& entries, const Decisions& known, Chance& dice) {
  if (entries.empty()) return Insert(entries, known, dice);
  switch (dice.Below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Insert(entries, known, dice);
    case 4:
      return Delete(entries, dice);
    case 5:
      Delete(entries, dice);
      return Insert(entries, known, dice);
    case 6:
    case 7:
      return Move(Any(entries, dice), known, dice);
    case 8:
      return Retarget(Any(entries, dice), known, dice);
    default:
      return entries.size() > 1 ? SwapChoices(entries, dice)
                                : Retarget(Any(entries, dice), known, dice);
  }
}

Schedule Made(Entries entries, const Schedule& like) {
  Schedule made(std::move(entries));
  made.max_steps = like.max_steps;
  made.faults = like.faults;
  return made;
}

}  // namespace

Schedule Mutate(const Schedule& schedule, const Decisions& known, Chance& dice) {
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    Entries entries = schedule.entries();
    do {
      Change(entries, known, dice);
    } while (dice.OneIn(4));
    Schedule made = Made(std::move(entries), schedule);
    if (!(made == schedule)) return made;
  }
  // Nothing known, and nothing to change to: one entry less is always another schedule.
  Entries entries = schedule.entries();
  if (!entries.empty()) Delete(entries, dice);
  return Made(std::move(entries), schedule);
}

Schedule Splice(const Schedule& a, const Schedule& b, Chance& dice) {
  Entries entries;
  if (dice.OneIn(2)) {
    const std::size_t from_a = dice.Below(a.size() + 1);
    const std::size_t from_b = dice.Below(b.size() + 1);
    entries.assign(a.entries().begin(), a.entries().begin() + static_cast<std::ptrdiff_t>(from_a));
    entries.insert(entries.end(), b.entries().begin() + static_cast<std::ptrdiff_t>(from_b),
                   b.entries().end());
  } else {
    for (const Schedule* from : {&a, &b})
      for (const ScheduleEntry& entry : from->entries())
        if (!dice.OneIn(3)) entries.push_back(entry);
  }
  return Made(std::move(entries), a);
}

std::string EncodeWithin(const Schedule& schedule, std::size_t most, Chance& dice) {
  std::string payload = schedule.Encode();
  Entries entries = schedule.entries();
  while (payload.size() > most && !entries.empty()) {
    Delete(entries, dice);
    payload = Schedule(entries).Encode();
  }
  return payload;
}

}  // namespace taskleak::internal
