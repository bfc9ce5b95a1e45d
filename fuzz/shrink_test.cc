// The shrinker against failures that are no runs at all: predicates that know which entries matter.
#include "fuzz/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using taskleak::Schedule;
using taskleak::ScheduleEntry;
using taskleak::internal::Shrink;
using taskleak::internal::ShrinkHooks;
using taskleak::internal::ShrinkResult;
using Kind = ScheduleEntry::Kind;
using Predicate = std::function<bool(const Schedule&)>;

ScheduleEntry Order(std::uint32_t op, std::uint32_t target = 1) {
  return {.task = {2}, .op = op, .target = {target}};
}
ScheduleEntry Data(std::uint32_t op, std::int64_t value) {
  return {.task = {3}, .op = op, .kind = Kind::kData, .value = value};
}
ScheduleEntry HoldAt(std::uint32_t task, std::uint32_t op) {
  return {.task = {task}, .op = op, .kind = Kind::kHold};
}

Schedule Many(std::uint32_t count) {
  std::vector<ScheduleEntry> entries;
  for (std::uint32_t op = 1; op <= count; ++op) entries.push_back(Order(op));
  return Schedule(entries);
}

bool Has(const Schedule& schedule, const ScheduleEntry& entry) {
  return std::find(schedule.entries().begin(), schedule.entries().end(), entry) !=
         schedule.entries().end();
}

// The data at an operation; what is not in the schedule is 0, as in a run.
std::int64_t DataAt(const Schedule& schedule, std::uint32_t op) {
  for (const ScheduleEntry& entry : schedule.entries())
    if (entry.kind == Kind::kData && entry.op == op) return entry.value;
  return 0;
}

ShrinkResult ShrinkFor(const Schedule& schedule, const Predicate& fails) {
  ShrinkHooks hooks;
  hooks.fails = fails;
  return Shrink(schedule, hooks);
}

// What `minimal` promises: it fails, no single entry can be left out, and no choice is lower by
// one.
void ExpectMinimal(const ShrinkResult& result, const Predicate& fails) {
  EXPECT_TRUE(result.minimal);
  EXPECT_TRUE(fails(result.schedule)) << "what it gives must fail";
  for (std::size_t i = 0; i < result.schedule.size(); ++i) {
    std::vector<ScheduleEntry> entries = result.schedule.entries();
    const ScheduleEntry dropped = entries[i];
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(fails(Schedule(entries))) << "entry " << i << " is not needed";
    ScheduleEntry lowered = dropped;
    if (dropped.kind == Kind::kTask && dropped.target.back() > 1) {
      --lowered.target.back();
    } else if (dropped.kind == Kind::kData && dropped.value != 0) {
      lowered.value -= dropped.value > 0 ? 1 : -1;
    } else if (dropped.kind == Kind::kTimer && dropped.value > 1) {
      --lowered.value;
    } else {
      continue;
    }
    entries.push_back(lowered);
    EXPECT_FALSE(fails(Schedule(entries)))
        << "the value of entry " << i << ", " << dropped.value << ", can be lowered";
  }
}

TEST(Shrink, FindsTheTwoEntriesThatMatter) {
  const Predicate fails = [](const Schedule& s) { return Has(s, Order(17)) && Has(s, Order(44)); };
  const ShrinkResult result = ShrinkFor(Many(60), fails);
  EXPECT_EQ(result.schedule, Schedule({Order(17), Order(44)}));
  ExpectMinimal(result, fails);
  EXPECT_LT(result.trials, 60u * 3) << "bisection, not one by one from the start";
}

TEST(Shrink, AnyTwoOfSixtyWhereverTheyStand) {
  for (std::uint32_t a = 1; a <= 60; a += 7) {
    for (std::uint32_t b = a + 1; b <= 60; b += 5) {
      const Predicate fails = [=](const Schedule& s) {
        return Has(s, Order(a)) && Has(s, Order(b));
      };
      ASSERT_EQ(ShrinkFor(Many(60), fails).schedule, Schedule({Order(a), Order(b)}))
          << a << ", " << b;
    }
  }
}

TEST(Shrink, KeepsWhatIsAllNeeded) {
  const Predicate fails = [](const Schedule& s) { return s.size() == 12; };
  const ShrinkResult result = ShrinkFor(Many(12), fails);
  EXPECT_EQ(result.schedule, Many(12));
  ExpectMinimal(result, fails);
}

// Of ten tasks that could run first from the fourth on any shows it; so does a timer from the
// second on.
TEST(Shrink, LowersWhichTaskRunsAndWhichTimerFires) {
  const Predicate fails = [](const Schedule& s) {
    bool late = false;
    bool timer = false;
    for (const ScheduleEntry& entry : s.entries()) {
      late |= entry.kind == Kind::kTask && entry.op == 5 && entry.target.back() >= 4;
      timer |= entry.kind == Kind::kTimer && entry.value >= 2;
    }
    return late && timer;
  };
  const ScheduleEntry fires{.task = {2}, .op = 9, .kind = Kind::kTimer, .target = {2}, .value = 7};
  const ShrinkResult result = ShrinkFor(Schedule({Order(3, 8), Order(5, 10), fires}), fails);
  ScheduleEntry second = fires;
  second.value = 2;
  EXPECT_EQ(result.schedule, Schedule({Order(5, 4), second}));
  ExpectMinimal(result, fails);
}

TEST(Shrink, ToNothingWhenTheCanonicalRunFails) {
  const ShrinkResult result = ShrinkFor(Many(60), [](const Schedule&) { return true; });
  EXPECT_TRUE(result.schedule.empty());
  EXPECT_TRUE(result.minimal);
  EXPECT_EQ(result.trials, 1u) << "the empty schedule is tried first";
  const ShrinkResult empty = ShrinkFor(Schedule(), [](const Schedule&) { return true; });
  EXPECT_TRUE(empty.schedule.empty());
  EXPECT_TRUE(empty.minimal);
}

TEST(Shrink, LowersDataToTheLeastThatFails) {
  const Predicate fails = [](const Schedule& s) { return DataAt(s, 1) >= 37; };
  for (const std::int64_t value :
       {std::int64_t{37}, std::int64_t{38}, std::int64_t{64}, std::int64_t{100},
        std::int64_t{1'000'003}, std::numeric_limits<std::int64_t>::max()}) {
    const ShrinkResult result = ShrinkFor(Schedule({Data(1, value)}), fails);
    EXPECT_EQ(result.schedule, Schedule({Data(1, 37)})) << "from " << value;
    ExpectMinimal(result, fails);
  }
}

TEST(Shrink, LowersNegativeDataTowardsZero) {
  const Predicate fails = [](const Schedule& s) { return DataAt(s, 1) <= -37; };
  for (const std::int64_t value : {std::int64_t{-37}, std::int64_t{-100}, std::int64_t{-999'999},
                                   std::numeric_limits<std::int64_t>::min()}) {
    const ShrinkResult result = ShrinkFor(Schedule({Data(1, value)}), fails);
    EXPECT_EQ(result.schedule, Schedule({Data(1, -37)})) << "from " << value;
    ExpectMinimal(result, fails);
  }
}

TEST(Shrink, LowersACaseToTheFirstThatFails) {
  const auto at = [](std::int64_t value) {
    return Schedule({{.task = {1}, .op = 4, .kind = Kind::kCase, .value = value}});
  };
  const Predicate fails = [](const Schedule& s) { return !s.empty() && s.entries()[0].value >= 2; };
  EXPECT_EQ(ShrinkFor(at(7), fails).schedule, at(2));
}

TEST(Shrink, LowersSeveralValuesAmongOtherEntries) {
  std::vector<ScheduleEntry> entries = Many(20).entries();
  for (std::uint32_t op = 1; op <= 20; ++op) entries.push_back(Data(op, 50 + op));
  const Predicate fails = [](const Schedule& s) {
    return Has(s, Order(9)) && DataAt(s, 3) >= 11 && DataAt(s, 14) >= 29;
  };
  const ShrinkResult result = ShrinkFor(Schedule(entries), fails);
  EXPECT_EQ(result.schedule, Schedule({Order(9), Data(3, 11), Data(14, 29)}));
  ExpectMinimal(result, fails);
}

TEST(Shrink, LowersAgainWhatBecameLowerableWhenAnEntryWent) {
  // With the other entry only 5 and above fails; once it is at 5 the other is not needed, and then
  // 3 is enough.
  const Predicate fails = [](const Schedule& s) {
    const std::int64_t value = DataAt(s, 1);
    return Has(s, Order(1)) ? value >= 5 : value >= 3 && value <= 5;
  };
  const ShrinkResult result = ShrinkFor(Schedule({Order(1), Data(1, 40)}), fails);
  EXPECT_EQ(result.schedule, Schedule({Data(1, 3)}));
  ExpectMinimal(result, fails);
}

TEST(Shrink, IsNotMinimalWhenItWasEnded) {
  const Predicate fails = [](const Schedule& s) { return Has(s, Order(17)) && Has(s, Order(44)); };
  const std::uint64_t all = ShrinkFor(Many(60), fails).trials;
  for (std::uint64_t limit = 0; limit < all; ++limit) {
    std::uint64_t trials = 0;
    std::size_t best = 60;
    ShrinkHooks hooks;
    hooks.fails = [&](const Schedule& s) {
      ++trials;
      return fails(s);
    };
    hooks.may_go_on = [&](const Schedule& schedule) {
      EXPECT_LE(schedule.size(), best) << "it is told the best so far";
      best = schedule.size();
      EXPECT_TRUE(fails(schedule));
      return trials < limit;
    };
    const ShrinkResult result = Shrink(Many(60), hooks);
    ASSERT_FALSE(result.minimal) << "after " << limit;
    ASSERT_EQ(result.trials, limit);
    ASSERT_EQ(trials, limit) << "nothing is tried once it may not go on";
    ASSERT_TRUE(fails(result.schedule)) << "after " << limit;
    ASSERT_EQ(result.schedule.size(), best);
  }
}

TEST(Shrink, OneHoldForManySwitches) {
  const ScheduleEntry right = HoldAt(2, 5);
  std::size_t asked = 0;
  ShrinkHooks hooks;
  hooks.fails = [&](const Schedule& s) {
    std::size_t switches = 0;
    for (const ScheduleEntry& entry : s.entries())
      if (entry.kind == Kind::kTask && entry.op % 2 == 0) ++switches;
    return DataAt(s, 1) >= 2 && (switches >= 6 || Has(s, right));
  };
  hooks.holds = [&](const Schedule& best) {
    ++asked;
    EXPECT_TRUE(hooks.fails(best));
    return std::vector<ScheduleEntry>{HoldAt(1, 1), HoldAt(2, 4), right, HoldAt(2, 6)};
  };
  std::vector<ScheduleEntry> entries = Many(12).entries();
  entries.push_back(Data(1, 9));
  const ShrinkResult result = Shrink(Schedule(entries), hooks);
  EXPECT_EQ(result.schedule, Schedule({right, Data(1, 2)}))
      << "the data stays, the switches are one hold";
  EXPECT_GE(asked, 1u);
  ExpectMinimal(result, hooks.fails);
}

TEST(Shrink, AHoldThatDoesNotHelpIsNotTaken) {
  ShrinkHooks hooks;
  hooks.fails = [](const Schedule& s) { return Has(s, Order(2)) && Has(s, Order(4)); };
  hooks.holds = [](const Schedule&) {
    return std::vector<ScheduleEntry>{HoldAt(1, 1), HoldAt(2, 4)};
  };
  const ShrinkResult result = Shrink(Many(12), hooks);
  EXPECT_EQ(result.schedule, Schedule({Order(2), Order(4)}));
  ExpectMinimal(result, hooks.fails);
}

TEST(Shrink, KeepsTheLimitsOfTheSchedule) {
  Schedule schedule = Many(8);
  schedule.max_steps = 4321;
  schedule.faults = 5;
  const ShrinkResult result = ShrinkFor(schedule, [](const Schedule& s) {
    EXPECT_EQ(s.max_steps, 4321u);
    EXPECT_EQ(s.faults, 5);
    return Has(s, Order(3));
  });
  EXPECT_EQ(result.schedule.max_steps, 4321u);
  EXPECT_EQ(result.schedule.faults, 5);
}

// Property: whatever the failure asks for (a random set of entries, random thresholds of data,
// sometimes either of two sets), the result fails, is minimal, and the same each time.
TEST(Shrink, IsMinimalForRandomFailures) {
  constexpr std::uint64_t kSeed = 99;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    std::vector<ScheduleEntry> entries =
        Many(static_cast<std::uint32_t>(5 + random() % 40)).entries();
    const std::size_t orders = entries.size();
    for (std::uint32_t op = 1; op <= 5; ++op)
      entries.push_back(Data(op, static_cast<std::int64_t>(random() % 500)));
    std::vector<std::vector<ScheduleEntry>> needed(1 + random() % 2);
    for (std::vector<ScheduleEntry>& set : needed)
      for (std::uint64_t n = random() % 6; n > 0; --n) set.push_back(entries[random() % orders]);
    const std::uint32_t op = 1 + static_cast<std::uint32_t>(random() % 5);
    const std::int64_t value = DataAt(Schedule(entries), op);
    const std::int64_t threshold =
        value == 0 ? 0 : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(value));
    const Predicate fails = [&](const Schedule& s) {
      return DataAt(s, op) >= threshold &&
             std::any_of(needed.begin(), needed.end(), [&](const auto& set) {
               return std::all_of(set.begin(), set.end(),
                                  [&](const ScheduleEntry& entry) { return Has(s, entry); });
             });
    };
    const Schedule schedule(entries);
    ASSERT_TRUE(fails(schedule));
    const ShrinkResult result = ShrinkFor(schedule, fails);
    ExpectMinimal(result, fails);
    ASSERT_EQ(ShrinkFor(schedule, fails).schedule, result.schedule);
    if (testing::Test::HasFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
