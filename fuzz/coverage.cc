#include "fuzz/coverage.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "taskleak/internal/chan_core.h"

namespace taskleak::internal {
namespace {

std::uint64_t Combine(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 29)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 32);
}

// What kind of feature it is, so that two kinds never mean the same counter by construction.
enum Feature : std::uint64_t {
  kPair = 1,
  kFullness,
  kClosed,
  kParked,
  kBlockedAtReturn,
  kBlockedAtEnd
};

// In quarters: empty, up to each, and full.
std::uint64_t Fullness(std::size_t peak, std::size_t capacity) {
  if (peak == 0 || capacity == 0) return 0;
  return peak >= capacity ? 5 : 1 + peak * 4 / capacity;
}

}  // namespace

std::uint8_t Bucket(std::uint8_t count) {
  if (count <= 3) return count;
  if (count < 8) return 4;
  if (count < 16) return 5;
  if (count < 32) return 6;
  return count < 128 ? 7 : 8;
}

Coverage::Coverage(std::span<std::uint8_t> counters)
    : counters_(counters), seen_(kKinds * kObjects), sites_() {
  touched_.reserve(kKinds * kObjects);
  blocked_in_.reserve(64);
}

void Coverage::Begin() {
  ++run_;
  touched_.clear();
  blocked_in_.assign(1, 0);
}

void Coverage::End() {
  for (const std::uint64_t operation : blocked_in_)
    if (operation != 0) Count(Combine(kBlockedAtEnd, operation));
  for (const std::uint32_t place : touched_) {
    const Seen& seen = seen_[place];
    if (!seen.channel) continue;
    Count(Combine(Combine(kFullness, seen.made_at), Fullness(seen.peak, seen.capacity)));
    Count(Combine(Combine(kClosed, seen.made_at), seen.closed ? 1 : 0));
  }
}

// FNV-1a over the file's own name, without folders: a checkout elsewhere gives the same.
std::uint64_t Coverage::HashOf(const Site& site) {
  if (site.file == nullptr) return 0;
  KnownSite& known =
      sites_[(reinterpret_cast<std::uintptr_t>(site.file) + site.line) % sites_.size()];
  if (known.file != site.file || known.line != site.line) {
    const std::string_view path(site.file);
    const std::string_view file = path.substr(path.rfind('/') + 1);
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : file) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    known = {site.file, site.line, Combine(hash, site.line)};
  }
  return known.hash;
}

void Coverage::Count(std::uint64_t feature) {
  std::uint8_t& counter = counters_[feature & (counters_.size() - 1)];
  if (counter < UINT8_MAX) ++counter;
}

Coverage::Seen& Coverage::StateOf(const Object& object) {
  const std::size_t place =
      static_cast<std::size_t>(object.kind) % kKinds * kObjects + object.number % kObjects;
  Seen& seen = seen_[place];
  if (seen.run != run_) {
    seen = {};
    seen.run = run_;
    seen.made_at = HashOf(object.made_at);
    seen.channel = object.kind == ObjectKind::kChannel;
    touched_.push_back(static_cast<std::uint32_t>(place));
  }
  return seen;
}

void Coverage::OnTask(const SimTask& task, std::uint32_t /*parent*/, const Site& /*site*/) {
  if (blocked_in_.size() <= task.id) blocked_in_.resize(task.id + 1, 0);
}

void Coverage::OnAfter(const SimTask& /*task*/, const Operation& op, std::uint32_t outcome) {
  const Object* object = op.object;
  if (op.kind == OpKind::kSelect && outcome >= outcome::kChose)
    object = op.cases[outcome - outcome::kChose].object;
  const std::uint64_t what =
      Combine(HashOf(op.site), static_cast<std::uint64_t>(op.kind) << 32 | outcome);
  if (object == nullptr) return Count(Combine(kPair, what));
  Seen& seen = StateOf(*object);
  Count(Combine(Combine(kPair, seen.last), what));
  seen.last = what;
  if (!seen.channel) return;
  const auto& channel = static_cast<const ChanCore&>(*object);
  seen.peak = std::max(seen.peak, channel.count());
  seen.capacity = channel.capacity();
  seen.closed = channel.closed();
}

void Coverage::OnPark(const SimTask& task, const Operation& op) {
  const std::uint64_t operation = Combine(HashOf(op.site), static_cast<std::uint64_t>(op.kind));
  blocked_in_[task.id] = operation | 1;
  Count(Combine(kParked, operation));
}

void Coverage::OnUnpark(const SimTask& task) { blocked_in_[task.id] = 0; }

void Coverage::OnEnd(const SimTask& task) {
  blocked_in_[task.id] = 0;
  if (task.id != 1) return;
  for (const std::uint64_t operation : blocked_in_)
    if (operation != 0) Count(Combine(kBlockedAtReturn, operation));
}

}  // namespace taskleak::internal
