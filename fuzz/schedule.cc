#include "taskleak/schedule.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fuzz/checksum.h"
#include "taskleak/error.h"

namespace taskleak {
namespace {

using internal::Checksum;

constexpr std::string_view kPrefix = "t1.";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void PutVarint(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

constexpr std::size_t kWordSize = 4;
void PutWord(std::string& out, std::uint32_t value) {
  for (std::size_t i = 0; i < kWordSize; ++i, value >>= 8) out.push_back(static_cast<char>(value));
}
std::uint32_t GetWord(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = kWordSize; i > 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

// Beside the bits of a token's faults: its layout is known.
constexpr std::uint8_t kHasLayout = 64;

// Small negative numbers stay short.
std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty(); }

  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
      if (shift == 63) return value;  // Overlong: the rest belongs to what follows.
    }
    ok_ = false;
    return 0;
  }
  std::uint32_t Word() { return static_cast<std::uint32_t>(Varint()); }
  TaskPath Path() {
    TaskPath path(std::min<std::uint64_t>(Varint(), bytes_.size()));
    for (std::uint32_t& ordinal : path) ordinal = Word();
    return path;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

void PutPath(std::string& out, const TaskPath& path) {
  PutVarint(out, path.size());
  for (const std::uint32_t ordinal : path) PutVarint(out, ordinal);
}

using Kind = ScheduleEntry::Kind;
constexpr std::uint64_t kKinds = 7;

bool HasTarget(Kind kind) {
  return kind == Kind::kTask || kind == Kind::kTimer || kind == Kind::kFault;
}
bool HasValue(Kind kind) {
  return kind == Kind::kTimer || kind == Kind::kFault || kind == Kind::kCase || kind == Kind::kData;
}

std::string ToBase64(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out.push_back(kAlphabet[bits >> (count - 6) & 63]);
  }
  if (count > 0) out.push_back(kAlphabet[bits << (6 - count) & 63]);
  return out;
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 255));
  }
  return out;
}

}  // namespace

std::string ToString(const TaskPath& path) {
  std::string out = "root";
  for (const std::uint32_t ordinal : path) out += "." + std::to_string(ordinal);
  return out;
}

Schedule::Schedule(std::vector<ScheduleEntry> entries) : entries_(std::move(entries)) {
  for (ScheduleEntry& entry :
       entries_) {  // What a kind does not have does not distinguish two entries.
    if (!HasTarget(entry.kind)) entry.target.clear();
    if (!HasValue(entry.kind)) entry.value = 0;
  }
  std::sort(entries_.begin(), entries_.end());
  // One decision has one outcome: of several for the same one, the first counts.
  const auto same_decision = [](const ScheduleEntry& a, const ScheduleEntry& b) {
    const auto orders = [](Kind kind) { return kind <= Kind::kHold; };
    return a.task == b.task && a.op == b.op && a.sub == b.sub &&
           (orders(a.kind) ? orders(b.kind) : a.kind == b.kind);
  };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same_decision), entries_.end());
}

std::string Schedule::Encode() const {
  std::string out;
  for (const ScheduleEntry& entry : entries_) {
    PutPath(out, entry.task);
    PutVarint(out, entry.op);
    PutVarint(out, entry.sub * kKinds + static_cast<std::uint64_t>(entry.kind));
    if (HasTarget(entry.kind)) PutPath(out, entry.target);
    if (HasValue(entry.kind)) PutVarint(out, ZigZag(entry.value));
  }
  return out;
}

Schedule Schedule::Decode(std::string_view payload) {
  std::vector<ScheduleEntry> entries;
  for (Reader reader(payload); !reader.empty();) {
    ScheduleEntry entry;
    entry.task = reader.Path();
    entry.op = reader.Word();
    const std::uint64_t sub_and_kind = reader.Varint();
    entry.sub = static_cast<std::uint32_t>(sub_and_kind / kKinds);
    entry.kind = static_cast<Kind>(sub_and_kind % kKinds);
    if (HasTarget(entry.kind)) entry.target = reader.Path();
    if (HasValue(entry.kind)) entry.value = UnZigZag(reader.Varint());
    if (!reader.ok()) break;  // A last entry that is cut short is none.
    entries.push_back(std::move(entry));
  }
  return Schedule(std::move(entries));
}

std::string Schedule::Token() const {
  std::string bytes;
  PutVarint(bytes, max_steps);
  bytes.push_back(static_cast<char>(faults | (layout != 0 ? kHasLayout : 0)));
  if (layout != 0) PutWord(bytes, layout);
  bytes += Encode();
  PutWord(bytes, Checksum(bytes));
  return std::string(kPrefix) + ToBase64(bytes);
}

Schedule Schedule::FromToken(std::string_view token) {
  const auto refuse = [&token](const std::string& why) {
    std::string shown(token.substr(0, 24));
    if (token.size() > shown.size()) shown += "…";
    throw UsageError("the replay token \"" + shown + "\" " + why);
  };
  if (!token.starts_with(kPrefix)) {
    if (token.size() > 2 && token[0] == 't' && token.find('.') != std::string_view::npos)
      refuse(
          "is of another version than this build's (t1); replay it with the build that printed it");
    refuse("is none: one begins with \"t1.\" and stands in the report's replay line");
  }
  const std::optional<std::string> bytes = FromBase64(token.substr(kPrefix.size()));
  if (!bytes.has_value())
    refuse("has a character that none has; copy it whole from the report's replay line");
  if (bytes->size() < 6) refuse("is cut short; copy it whole from the report's replay line");
  const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - kWordSize);
  if (GetWord(std::string_view(*bytes).substr(body.size())) != Checksum(body))
    refuse("is damaged or cut short; copy it whole from the report's replay line");
  Reader reader(body);
  const std::uint64_t max_steps = reader.Varint();
  std::string_view rest = reader.rest();
  const auto bits = rest.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(rest.front());
  const bool has_layout = (bits & kHasLayout) != 0;
  if (rest.size() < (has_layout ? 1 + kWordSize : 1))
    refuse("is damaged; copy it whole from the report's replay line");
  rest.remove_prefix(1);
  const std::uint32_t layout = has_layout ? GetWord(rest) : 0;
  Schedule schedule = Decode(has_layout ? rest.substr(kWordSize) : rest);
  schedule.max_steps = max_steps;
  schedule.faults = bits & kAllFaults;
  schedule.layout = layout;
  return schedule;
}

}  // namespace taskleak
