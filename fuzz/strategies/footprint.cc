#include "fuzz/strategies/footprint.h"

#include <algorithm>
#include <span>

#include "taskleak/internal/chan_core.h"

namespace taskleak::internal {
namespace {

// The done channel of a context: nobody sends on it, so that receivers do not get in each other's
// way.
bool IsDone(const Object& object) {
  return object.kind == ObjectKind::kChannel && static_cast<const ChanCore&>(object).context != 0;
}

// Operations that leave everything as it is, or of which two of the kind may be swapped.
bool OnlyReads(OpKind kind) {
  switch (kind) {
    case OpKind::kLen:
    case OpKind::kContextErr:
    case OpKind::kWaitGroupWait:
    case OpKind::kRLock:
    case OpKind::kTryRLock:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Footprint::Add(std::uint64_t thing, bool written) {
  for (Thing& known : things_) {
    if (known.name != thing) continue;
    known.written |= written;
    return;
  }
  things_.push_back({thing, written});
  names_ |= std::uint64_t{1} << (thing * 0x9e3779b97f4a7c15ULL >> 58);
}

void Footprint::Add(const Object& object) { Write(object.name_hash); }

void Footprint::Add(const Operation& op) {
  if (op.kind == OpKind::kAtomic) Write(kMemory);
  if (op.object != nullptr) Add(op.object->name_hash, !OnlyReads(op.kind) && !IsDone(*op.object));
  for (const CaseView& view : std::span(op.cases, op.case_count))
    if (view.object != nullptr) Add(view.object->name_hash, !IsDone(*view.object));
}

void Footprint::Merge(const Footprint& other) {
  all_ |= other.all_;
  for (const Thing& thing : other.things_) Add(thing.name, thing.written);
}

bool Footprint::Covers(const Footprint& other) const {
  if (all_) return true;
  return !other.all_ &&
         std::all_of(other.things_.begin(), other.things_.end(), [this](const Thing& thing) {
           return std::any_of(things_.begin(), things_.end(), [&thing](const Thing& mine) {
             return mine.name == thing.name && (mine.written || !thing.written);
           });
         });
}

bool Footprint::Meet(const Footprint& a, const Footprint& b) {
  for (const Thing& mine : a.things_)
    for (const Thing& yours : b.things_)
      if (mine.name == yours.name && (mine.written || yours.written)) return true;
  return false;
}

bool LooksAgain(OpKind kind) {
  switch (kind) {
    case OpKind::kSend:
    case OpKind::kRecv:
    case OpKind::kSelect:
    case OpKind::kWaitGroupWait:
    case OpKind::kOnce:
    case OpKind::kSleep:
    case OpKind::kYield:
      return false;
    default:
      return true;
  }
}

}  // namespace taskleak::internal
