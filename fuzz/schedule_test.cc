// The codec: what is written is read again, every byte string is a schedule, and a token that is
// not whole is refused.
#include "taskleak/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "taskleak/error.h"

namespace {

using taskleak::kAllFaults;
using taskleak::Schedule;
using taskleak::ScheduleEntry;
using taskleak::TaskPath;
using taskleak::ToString;
using taskleak::UsageError;
using Kind = ScheduleEntry::Kind;

constexpr std::uint64_t kSeed = 20240607;

// Draws what a schedule is made of, small numbers and the extremes of each field alike.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t Bits() { return random_(); }
  std::uint64_t Below(std::uint64_t n) { return random_() % n; }

  std::uint32_t Word() {
    const std::uint32_t extremes[] = {0, 1, 127, 128, 16383, 16384, 0x7fffffff, 0xffffffff};
    return Below(4) == 0 ? extremes[Below(std::size(extremes))]
                         : static_cast<std::uint32_t>(Bits() >> (32 + Below(32)));
  }
  TaskPath Path() {
    TaskPath path(Below(5) == 0 ? Below(20) : Below(4));
    for (std::uint32_t& ordinal : path) ordinal = Word();
    return path;
  }
  std::int64_t Value() {
    const std::int64_t extremes[] = {0,
                                     1,
                                     -1,
                                     63,
                                     -64,
                                     std::numeric_limits<std::int64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min()};
    return Below(3) == 0 ? extremes[Below(std::size(extremes))]
                         : static_cast<std::int64_t>(Bits()) >> Below(64);
  }
  ScheduleEntry Entry() {
    ScheduleEntry entry;
    entry.task = Path();
    entry.op = Word();
    entry.sub = Below(2) == 0 ? static_cast<std::uint32_t>(Below(4)) : Word();
    entry.kind = static_cast<Kind>(Below(7));
    entry.target = Path();
    entry.value = Value();
    return entry;
  }
  std::vector<ScheduleEntry> Entries() {
    std::vector<ScheduleEntry> entries(Below(30));
    for (ScheduleEntry& entry : entries) entry = Entry();
    return entries;
  }
  std::string Bytes() {
    std::string bytes(Below(80), '\0');
    for (char& byte : bytes) {
      // Varints that go on, lengths that are plausible, and anything.
      const std::uint64_t kind = Below(3);
      byte = static_cast<char>(kind == 0 ? 0x80 | Below(128) : kind == 1 ? Below(8) : Below(256));
    }
    return bytes;
  }

 private:
  std::mt19937_64 random_;
};

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

ScheduleEntry Switch(TaskPath task, std::uint32_t op, TaskPath target) {
  return {.task = std::move(task), .op = op, .target = std::move(target)};
}

std::string Refusal(std::string_view token) {
  try {
    static_cast<void>(Schedule::FromToken(token));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

// Property: Decode(Encode(s)) == s for every schedule s, whatever its fields hold.
TEST(ScheduleCodec, ReadsWhatItWrote) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Generator generator(kSeed);
  for (int i = 0; i < 5000; ++i) {
    const Schedule schedule(generator.Entries());
    const std::string payload = schedule.Encode();
    ASSERT_EQ(Schedule::Decode(payload), schedule) << "schedule " << i << ": " << Hex(payload);
  }
}

// Property: every byte string is a schedule (Decode is total), and a canonical one: what Encode
// makes of it decodes to the same schedule, encodes to the same bytes, and is no longer than what
// was read.
TEST(ScheduleCodec, EveryByteStringIsASchedule) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Generator generator(kSeed + 1);
  int entries = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string bytes = generator.Bytes();
    const Schedule schedule = Schedule::Decode(bytes);
    const std::string payload = schedule.Encode();
    ASSERT_EQ(Schedule::Decode(payload), schedule) << Hex(bytes);
    ASSERT_EQ(Schedule::Decode(payload).Encode(), payload) << Hex(bytes);
    ASSERT_LE(payload.size(), bytes.size()) << Hex(bytes);
    ASSERT_TRUE(std::is_sorted(schedule.entries().begin(), schedule.entries().end())) << Hex(bytes);
    entries += static_cast<int>(schedule.size());
  }
  EXPECT_GT(entries, 1000) << "random bytes must not all be the empty schedule";
}

TEST(ScheduleCodec, AllShortStringsAreSchedules) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes = {static_cast<char>(first), static_cast<char>(second)};
      const std::string payload = Schedule::Decode(bytes).Encode();
      ASSERT_EQ(Schedule::Decode(payload).Encode(), payload) << Hex(bytes);
    }
  }
  EXPECT_TRUE(Schedule::Decode("").empty());
}

TEST(ScheduleCodec, AHugeLengthNeedsNoHugeMemory) {
  const std::string length("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
  EXPECT_TRUE(Schedule::Decode(length).empty());
  EXPECT_TRUE(Schedule::Decode(length + std::string(100, '\0')).size() <= 100);
}

TEST(ScheduleCodec, AnEntryIsAFewBytes) {
  EXPECT_EQ(Schedule().Encode(), "");
  EXPECT_LE(Schedule({Switch({}, 3, {1})}).Encode().size(), 5u);
}

TEST(ScheduleEntries, AreSortedWhateverOrderTheyCameIn) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Generator generator(kSeed + 2);
  for (int i = 0; i < 500; ++i) {
    std::vector<ScheduleEntry> entries = generator.Entries();
    const Schedule schedule(entries);
    ASSERT_TRUE(std::is_sorted(schedule.entries().begin(), schedule.entries().end()));
    std::shuffle(entries.begin(), entries.end(), std::mt19937_64(kSeed + 3));
    ASSERT_EQ(Schedule(entries), schedule);
  }
}

TEST(ScheduleEntries, OneDecisionHasOneOutcome) {
  // Which task runs, a timer, a fault or a hold: all answers to one question.
  const Schedule ordering(
      {Switch({1}, 4, {2}),
       Switch({1}, 4, {1}),
       {.task = {1}, .op = 4, .kind = Kind::kHold},
       {.task = {1}, .op = 4, .kind = Kind::kTimer, .target = {1}, .value = 1}});
  ASSERT_EQ(ordering.size(), 1u);
  EXPECT_EQ(ordering.entries()[0], Switch({1}, 4, {1}));
  // A case, an early return and data are questions of their own.
  const Schedule values({{.task = {1}, .op = 4, .kind = Kind::kCase, .value = 2},
                         {.task = {1}, .op = 4, .kind = Kind::kCase, .value = 1},
                         {.task = {1}, .op = 4, .kind = Kind::kEarlyReturn},
                         {.task = {1}, .op = 4, .kind = Kind::kData, .value = 9},
                         {.task = {1}, .op = 4, .kind = Kind::kData, .value = 7},
                         Switch({1}, 4, {2})});
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(values.entries()[1].value, 1);
  EXPECT_EQ(values.entries()[3].value, 7);
  // The same question of another operation, task or decision.
  EXPECT_EQ(Schedule({Switch({1}, 4, {2}),
                      Switch({1}, 5, {2}),
                      Switch({2}, 4, {2}),
                      {.task = {1}, .op = 4, .sub = 1, .target = {2}}})
                .size(),
            4u);
}

TEST(ScheduleEntries, WhatAKindDoesNotHaveDoesNotDistinguish) {
  const Schedule plain({{.task = {1}, .op = 2, .kind = Kind::kHold}});
  const Schedule odd({{.task = {1}, .op = 2, .kind = Kind::kHold, .target = {7}, .value = 7}});
  EXPECT_EQ(plain, odd);
  EXPECT_EQ(Schedule({{.op = 2, .kind = Kind::kEarlyReturn, .value = 1}}),
            Schedule({{.op = 2, .kind = Kind::kEarlyReturn}}));
}

TEST(TaskPathText, NamesTasks) {
  EXPECT_EQ(ToString(TaskPath{}), "root");
  EXPECT_EQ(ToString(TaskPath{2, 1}), "root.2.1");
}

// Property: a token gives back its schedule with max_steps and the kinds of fault, and holds no
// character that a shell, a path or a command line would change.
TEST(Token, GivesBackTheScheduleAndItsLimits) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Generator generator(kSeed + 4);
  for (int i = 0; i < 2000; ++i) {
    Schedule schedule(generator.Entries());
    schedule.max_steps = generator.Bits() >> generator.Below(64);
    schedule.faults = static_cast<std::uint8_t>(generator.Below(kAllFaults + 1));
    const std::string token = schedule.Token();
    ASSERT_TRUE(token.starts_with("t1.")) << token;
    ASSERT_EQ(token.find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
              std::string::npos)
        << token;
    const Schedule back = Schedule::FromToken(token);
    ASSERT_EQ(back, schedule) << token;
    ASSERT_EQ(back.max_steps, schedule.max_steps) << token;
    ASSERT_EQ(back.faults, schedule.faults) << token;
  }
}

TEST(Token, TheLimitsAreCompared) {
  Schedule other;
  other.max_steps = 7;
  EXPECT_NE(other, Schedule());
  other = Schedule();
  other.faults = 0;
  EXPECT_NE(other, Schedule());
}

TEST(Token, OfAnotherVersionIsRefused) {
  std::string token = Schedule({Switch({1}, 4, {2})}).Token();
  token[1] = '2';
  EXPECT_NE(Refusal(token).find("another version"), std::string::npos) << Refusal(token);
  EXPECT_NE(Refusal(token).find(token.substr(0, 8)), std::string::npos)
      << "it shows what it was given";
  EXPECT_NE(Refusal("t17.AAAA").find("another version"), std::string::npos);
}

TEST(Token, CutShortIsRefused) {
  const std::string token = Schedule({Switch({1}, 4, {2}), Switch({2}, 6, {1})}).Token();
  for (std::size_t size = 0; size < token.size(); ++size) {
    const std::string why = Refusal(token.substr(0, size));
    ASSERT_NE(why, "") << "cut to " << size << " of " << token;
    if (size < 3) continue;
    EXPECT_TRUE(why.find("cut short") != std::string::npos) << "cut to " << size << ": " << why;
    EXPECT_NE(why.find("replay line"), std::string::npos) << "it says where to find a whole one";
  }
}

// Property: no single wrong character makes it silently another schedule.
TEST(Token, WithADamagedCharacterIsRefused) {
  const std::string token = Schedule({Switch({1}, 4, {2}), Switch({2}, 6, {1})}).Token();
  const Schedule schedule = Schedule::FromToken(token);
  int refused = 0;
  for (std::size_t i = 3; i < token.size(); ++i) {
    for (const char c : std::string("AZaz09-_ .!\n\xc3")) {
      if (token[i] == c) continue;
      std::string damaged = token;
      damaged[i] = c;
      if (!Refusal(damaged).empty()) {
        ++refused;
        continue;
      }
      // The last character has bits that carry nothing.
      EXPECT_EQ(i, token.size() - 1) << damaged;
      EXPECT_EQ(Schedule::FromToken(damaged), schedule) << damaged;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_NE(Refusal(token.substr(0, 6) + "!" + token.substr(7)).find("character"),
            std::string::npos);
  EXPECT_NE(Refusal(token + "\n"), "") << "what follows belongs to no token";
  EXPECT_NE(Refusal(token + token), "");
}

TEST(Token, ThatIsNoneIsRefused) {
  for (const std::string& garbage :
       {std::string(), std::string("t"), std::string("t1"), std::string("t1."),
        std::string("t1.AAAA"), std::string("worker_pool"), std::string("T1.AAAA"),
        std::string("."), std::string(100, 'x'), std::string("t1.") + std::string(1000, '_'),
        std::string("\0\0\0", 3)}) {
    const std::string why = Refusal(garbage);
    EXPECT_TRUE(why.starts_with("the replay token \"")) << garbage << ": " << why;
    EXPECT_LT(why.size(), 200u) << "of a long one only the beginning is shown";
  }
  EXPECT_NE(Refusal("").find("t1."), std::string::npos) << "it says how one begins";
}

}  // namespace
