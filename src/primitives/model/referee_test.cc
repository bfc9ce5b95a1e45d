// Random programs: what the primitives do with them on the simulator, against the model. And the
// referee itself: it tells a program from a slightly different one.
//
// A program is made from its seed alone, so a failure is seen again with the line that it prints:
// MODEL_SEED is the first seed (1, unless told), MODEL_PROGRAMS how many programs each test takes.
#include "src/primitives/model/referee.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "src/primitives/model/build.h"
#include "src/primitives/model/generate.h"
#include "src/primitives/model/model.h"
#include "src/primitives/model/runner.h"
#include "src/primitives/model/shrink.h"

namespace taskleak::model {
namespace {

// Of programs with more states not all outcomes are known, and they are left out.
constexpr std::size_t kMaxStates = 30'000;

std::optional<std::uint64_t> FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  const std::string_view text(value);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument(std::string(name) + "=" + value + " is no number");
  return number;
}

std::string HowToRunAgain(std::uint64_t seed) {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  return "run it again: MODEL_SEED=" + std::to_string(seed) +
         " MODEL_PROGRAMS=1 src_tests --gtest_filter=" + test->test_suite_name() + "." +
         test->name();
}

// What a check of one program says; nullopt: it cannot be checked.
using Check = std::function<std::optional<Verdict>(const Program&)>;

// Checks one program after the other, and shrinks the first that fails.
void CheckPrograms(std::uint64_t programs, Size size, const Check& check) {
  const std::uint64_t first = FromEnvironment("MODEL_SEED").value_or(1);
  const std::optional<std::uint64_t> asked = FromEnvironment("MODEL_PROGRAMS");
  programs = asked.value_or(programs);
  std::uint64_t checked = 0;
  std::uint64_t exhausted = 0;
  std::uint64_t runs = 0;
  std::uint64_t outcomes = 0;
  for (std::uint64_t seed = first; seed != first + programs; ++seed) {
    const Program program = Generate(seed, size);
    const std::optional<Verdict> verdict = check(program);
    if (!verdict.has_value()) continue;
    ++checked;
    exhausted += verdict->exhausted ? 1 : 0;
    runs += verdict->runs;
    outcomes += verdict->observed.size();
    if (verdict->mismatch.empty()) continue;
    const Program shrunk = Shrink(program, [&](const Program& smaller) {
      const std::optional<Verdict> again = check(smaller);
      return again.has_value() && !again->mismatch.empty();
    });
    FAIL() << "program " << seed - first << ", after " << runs
           << " runs; shrunk: " << check(shrunk)->mismatch << "as seed " << seed << " gave it:\n"
           << Text(program) << HowToRunAgain(seed);
  }
  std::cout << "seeds " << first << " to " << first + programs - 1 << ": " << checked
            << " programs, " << exhausted << " of them exhaustively, " << outcomes
            << " outcomes in " << runs << " runs\n";
  if (!asked.has_value()) {
    EXPECT_GT(checked, programs * 3 / 4) << "too many were left out";
  }
}

// Of a small program, every schedule is run: all orders in which its tasks' operations can happen,
// all cases that a select can choose. The outcomes are exactly those of the model: none that it
// does not allow, and every one that it allows.
TEST(Referee, EveryScheduleOfSmallPrograms) {
  Referee referee;
  CheckPrograms(400, {.tasks = 3, .ops = 6}, [&](const Program& program) {
    std::optional<Verdict> verdict;
    if (const auto allowed = AllOutcomes(program, kMaxStates))
      verdict = referee.TryEverySchedule(program, *allowed, 5'000);
    return verdict;
  });
}

// A larger program has too many schedules, but fewer states: the simulator is led through the
// model's states along the model's steps, until it has taken every step of every state once. At
// each of them the tasks that can go on, and the cases that a select finds ready, are those of the
// model; and so is the outcome, when nobody can go on.
TEST(Referee, EveryStepOfTheModel) {
  Referee referee;
  CheckPrograms(200, {.tasks = kMaxTasks, .ops = 12}, [&](const Program& program) {
    return std::optional(referee.FollowModel(program, 1'500));
  });
}

// Whatever a random schedule makes of a larger program, the model allows it.
TEST(Referee, RandomSchedules) {
  Referee referee;
  CheckPrograms(150, {.tasks = kMaxTasks, .ops = 14}, [&](const Program& program) {
    std::optional<Verdict> verdict;
    if (const auto allowed = AllOutcomes(program, kMaxStates))
      verdict = referee.TryRandomSchedules(program, *allowed, 100);
    return verdict;
  });
}

// When a program has settled, what it has come to is allowed, and by closing, canceling, unlocking
// and counting down all its tasks come to their ends. (The native runtime needs it: there a task
// that is left stays for ever.)
TEST(Referee, RescueEndsEveryTask) {
  Referee referee;
  CheckPrograms(150, {.tasks = kMaxTasks, .ops = 12}, [&](const Program& program) {
    std::optional<Verdict> verdict;
    if (!CanBeRescued(program)) return verdict;
    if (const auto allowed = AllOutcomes(program, kMaxStates))
      verdict = referee.TryRescue(program, *allowed, 10);
    return verdict;
  });
}

// On the process's native runtime, whose schedule is the kernel's: whatever the threads make of a
// program, the model allows it; and they can be rescued, so that none is left.
TEST(Referee, NativeThreads) {
  constexpr int kRuns = 10;
  CheckPrograms(100, {.tasks = kMaxTasks, .ops = 12}, [&](const Program& program) {
    std::optional<Verdict> verdict;
    if (!CanBeRescued(program)) return verdict;
    const auto allowed = AllOutcomes(program, kMaxStates);
    if (!allowed.has_value()) return verdict;
    verdict.emplace();
    for (int run = 0; run < kRuns && verdict->mismatch.empty(); ++run) {
      const Outcome outcome = RunAndRescue(program);
      ++verdict->runs;
      verdict->observed.insert(outcome);
      if (!allowed->contains(outcome))
        verdict->mismatch = "on threads it came to what the model does not allow:\n" +
                            Text(program, outcome) + Text(program);
    }
    return verdict;
  });
}

// Two programs that differ in one capacity, each judged by its own outcomes and by the other's.
class RefereeOfTwo : public testing::Test {
 protected:
  static Program Make(std::uint8_t capacity) {
    return {.seed = 1,
            .channels = {{.capacity = capacity}},
            .tasks = {{Send(0, 1), TryRecv(0)}, {TryRecv(0), TryRecv(0)}}};
  }
  const Program meeting_ = Make(0);
  const Program buffered_ = Make(1);
  const std::set<Outcome> of_meeting_ = AllOutcomes(meeting_, kMaxStates).value();
  const std::set<Outcome> of_buffered_ = AllOutcomes(buffered_, kMaxStates).value();
  Referee referee_;
};

TEST_F(RefereeOfTwo, EachIsWhatItIs) {
  for (const Program* program : {&meeting_, &buffered_}) {
    const auto& allowed = program == &meeting_ ? of_meeting_ : of_buffered_;
    const Verdict all = referee_.TryEverySchedule(*program, allowed, 1'000);
    EXPECT_EQ(all.mismatch, "");
    EXPECT_TRUE(all.exhausted);
    EXPECT_EQ(all.observed, allowed);
    EXPECT_EQ(referee_.TryRandomSchedules(*program, allowed, 100).mismatch, "");
    const Verdict followed = referee_.FollowModel(*program, 1'000);
    EXPECT_EQ(followed.mismatch, "");
    EXPECT_TRUE(followed.exhausted);
    EXPECT_EQ(followed.observed, allowed);
  }
}

TEST_F(RefereeOfTwo, NeitherPassesForTheOther) {
  EXPECT_NE(referee_.TryEverySchedule(meeting_, of_buffered_, 1'000).mismatch, "");
  EXPECT_NE(referee_.TryEverySchedule(buffered_, of_meeting_, 1'000).mismatch, "");
  EXPECT_NE(referee_.TryRandomSchedules(meeting_, of_buffered_, 100).mismatch, "");
  EXPECT_NE(referee_.TryRandomSchedules(buffered_, of_meeting_, 100).mismatch, "");
  EXPECT_NE(referee_.FollowModelOf(meeting_, buffered_, 1'000).mismatch, "");
  EXPECT_NE(referee_.FollowModelOf(buffered_, meeting_, 1'000).mismatch, "");
}

TEST_F(RefereeOfTwo, AnOutcomeThatNeverComesIsMissed) {
  std::set<Outcome> more = of_meeting_;
  Outcome extra = *more.begin();
  extra[1].fate = Fate::kOtherPanic;
  more.insert(extra);
  EXPECT_NE(referee_.TryEverySchedule(meeting_, more, 1'000).mismatch, "");
  // Only all schedules together could tell.
  EXPECT_EQ(referee_.TryEverySchedule(meeting_, more, 2).mismatch, "");
}

TEST_F(RefereeOfTwo, WhoCannotBeRescuedIsMissed) {
  const Program waits = {.seed = 1, .channels = {{}}, .tasks = {{Recv(0)}}};
  const Program waits_for_ever = {.seed = 1, .channels = {{.nil = true}}, .tasks = {{Recv(0)}}};
  const std::set<Outcome> blocked = AllOutcomes(waits, kMaxStates).value();
  EXPECT_EQ(referee_.TryRescue(waits, blocked, 10).mismatch, "");
  EXPECT_NE(referee_.TryRescue(waits_for_ever, blocked, 1).mismatch, "");
}

TEST(ShrinkProgram, KeepsWhatTheFailureNeeds) {
  const Program program = Generate(3, {.tasks = kMaxTasks, .ops = 14});
  const auto sends_to_a = [](const Program& p) {
    for (const auto& task : p.tasks)
      for (const Op& op : task)
        for (const Case& c : op.cases)
          if (c.send && c.channel == 0) return true;
    return false;
  };
  ASSERT_TRUE(sends_to_a(program)) << Text(program);
  const Program shrunk = Shrink(program, sends_to_a);
  ASSERT_EQ(shrunk.tasks.size(), 1u);
  ASSERT_EQ(shrunk.tasks[0].size(), 1u);
  EXPECT_EQ(shrunk.tasks[0][0].cases.size(), 1u);
  EXPECT_TRUE(sends_to_a(shrunk));
}

}  // namespace
}  // namespace taskleak::model
