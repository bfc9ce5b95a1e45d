// GoogleTest inside a body: its failures are failures of a schedule, and reach the test once, after
// shrinking.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/gtest/assertions.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::AssertionResult;
using taskleak::internal::AssertionTrap;

ExploreOptions Quiet(std::uint64_t schedules = 2000) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  return options;
}

// Explore, with what reached the test in `reached`.
struct Explored {
  ExploreResult result;
  std::vector<AssertionResult> reached;
};

Explored ExploreTrapped(const Body& body, const ExploreOptions& options = Quiet()) {
  Explored explored;
  AssertionTrap trap;
  explored.result = Explore(body, options);
  explored.reached = trap.results();
  return explored;
}

int g_line = 0;

// Fails when the second task is faster.
void Race(bool ordered) {
  struct Shared {
    Atomic<int> value{0};
    Chan<Unit> set = MakeChan<Unit>();
  };
  const auto shared = std::make_shared<Shared>();
  Go("writer", [shared, ordered] {
    shared->value.store(1);
    if (ordered) shared->set.Close();
  });
  Go("reader", [shared, ordered] {
    if (ordered) static_cast<void>(shared->set.Recv());
    g_line = __LINE__ + 1;
    EXPECT_EQ(shared->value.load(), 1) << "read too early";
  });
}

TEST(ExpectInABody, ThatFailsUnderSomeSchedulesReachesTheTestOnce) {
  ExploreResult result;
  EXPECT_NONFATAL_FAILURE(result = Explore([] { Race(false); }, Quiet()), "read too early");
  ASSERT_TRUE(result.failure.has_value());
  const Failure& failure = *result.failure;
  EXPECT_EQ(failure.kind, FailureKind::kAssertion);
  EXPECT_GE(result.schedules, 1u);
  EXPECT_EQ(failure.schedule.size(), 1u) << "it comes after shrinking: " << failure.Text();
  EXPECT_TRUE(failure.minimal);
  const std::string place = "assertion_test.cc:" + std::to_string(g_line);
  EXPECT_NE(failure.message.find(place), std::string::npos) << failure.message;
  EXPECT_NE(failure.message.find("read too early"), std::string::npos) << failure.message;
  EXPECT_NE(failure.Text().find(place), std::string::npos) << failure.Text();
  EXPECT_NE(failure.Summary().find(place), std::string::npos) << failure.Summary();
}

TEST(ExpectInABody, ThatHoldsUnderAllReachesNobody) {
  const Explored explored = ExploreTrapped([] { Race(true); });
  EXPECT_FALSE(explored.result.failure.has_value());
  EXPECT_EQ(explored.result.schedules, 2000u);
  EXPECT_TRUE(explored.reached.empty());
}

TEST(ExpectInABody, ComesWithItsPlaceItsSummaryAndHowToReplayIt) {
  const Explored explored = ExploreTrapped([] { Race(false); });
  ASSERT_EQ(explored.reached.size(), 1u);
  const AssertionResult& reached = explored.reached[0];
  EXPECT_TRUE(reached.file.ends_with("assertion_test.cc")) << reached.file;
  EXPECT_EQ(reached.line, g_line);
  EXPECT_FALSE(reached.fatal);
  EXPECT_FALSE(reached.skip);
  ASSERT_TRUE(explored.result.failure.has_value());
  EXPECT_NE(reached.message.find(explored.result.failure->Summary()), std::string::npos)
      << reached.message;
  EXPECT_NE(reached.message.find(explored.result.failure->schedule.Token()), std::string::npos)
      << reached.message;
}

TEST(ExpectInABody, ReachesTheTestWhenReplayedToo) {
  const Explored explored = ExploreTrapped([] { Race(false); });
  ASSERT_TRUE(explored.result.failure.has_value());
  AssertionTrap trap;
  const ExploreResult again =
      Replay([] { Race(false); }, explored.result.failure->schedule, Quiet());
  ASSERT_TRUE(again.failure.has_value());
  EXPECT_EQ(again.failure->kind, FailureKind::kAssertion);
  EXPECT_EQ(again.failure->message, explored.result.failure->message);
  const std::vector<AssertionResult>& reached = trap.results();
  ASSERT_EQ(reached.size(), 1u);
  EXPECT_EQ(reached[0].line, explored.reached[0].line);
}

TEST(ExpectInABody, SeveralOfOneScheduleReachTheTestTogether) {
  const Explored explored = ExploreTrapped([] {
    if (!EarlyReturn("both")) return;
    EXPECT_TRUE(false) << "one";
    EXPECT_TRUE(false) << "two";
  });
  ASSERT_EQ(explored.reached.size(), 2u);
  EXPECT_NE(explored.reached[0].message.find("one"), std::string::npos);
  EXPECT_NE(explored.reached[1].message.find("two"), std::string::npos);
  EXPECT_NE(explored.result.failure->message.find("two"), std::string::npos);
}

TEST(ExpectInABody, BesideALeakIsTheFailureAndTheLeakIsListed) {
  const Explored explored = ExploreTrapped([] {
    Go("stuck", [] { Select(); });
    EXPECT_TRUE(false) << "first";
  });
  ASSERT_TRUE(explored.result.failure.has_value());
  EXPECT_EQ(explored.result.failure->kind, FailureKind::kAssertion);
  ASSERT_EQ(explored.result.failure->leaked.size(), 1u);
  EXPECT_EQ(explored.result.failure->leaked[0].name, "stuck");
  EXPECT_EQ(explored.reached.size(), 1u);
}

// The failure is the exception's, yet the test must not be green for somebody who relies on the
// EXPECT.
TEST(ExpectInABody, BesideAnExceptionReachesTheTest) {
  const Explored explored = ExploreTrapped([] {
    EXPECT_TRUE(false) << "before it";
    throw std::runtime_error("thrown");
  });
  ASSERT_TRUE(explored.result.failure.has_value());
  EXPECT_EQ(explored.result.failure->kind, FailureKind::kException);
  EXPECT_NE(explored.result.failure->message.find("before it"), std::string::npos);
  ASSERT_EQ(explored.reached.size(), 1u);
  EXPECT_NE(explored.reached[0].message.find("before it"), std::string::npos);
}

TEST(ExpectInABody, DistinctOnesAreCollectedWhenKeepingOn) {
  ExploreOptions options = Quiet();
  options.keep_going = true;
  const Explored explored = ExploreTrapped(
      [] {
        const std::int64_t value = FuzzInt(0, 2);
        EXPECT_NE(value, 1) << "is one";
        EXPECT_NE(value, 2) << "is two";
      },
      options);
  EXPECT_EQ(explored.result.failures.size(), 2u);
  EXPECT_EQ(explored.reached.size(), 2u) << "each once";
  EXPECT_EQ(explored.result.schedules, 2000u);
}

TEST(ExpectInABody, OutsideASearchIsTheTestsOwn) {
  EXPECT_NONFATAL_FAILURE(EXPECT_TRUE(false) << "plain", "plain");
  const Explored explored = ExploreTrapped([] {});
  EXPECT_TRUE(explored.reached.empty());
  EXPECT_NONFATAL_FAILURE(EXPECT_TRUE(false) << "after", "after");
}

TEST(AssertInABody, EndsItsTaskAndIsFatal) {
  int after = 0;
  const Body body = [&after] {
    Go("checks", [&after] {
      const bool early = EarlyReturn("fails");
      ASSERT_FALSE(early) << "gave up";
      ++after;
    });
  };
  const Explored explored = ExploreTrapped(body);
  ASSERT_TRUE(explored.result.failure.has_value());
  EXPECT_EQ(explored.result.failure->kind, FailureKind::kAssertion);
  ASSERT_EQ(explored.reached.size(), 1u);
  EXPECT_TRUE(explored.reached[0].fatal);
  EXPECT_NE(explored.reached[0].message.find("gave up"), std::string::npos);
  // Under the shrunk schedule it does not come to what follows.
  after = 0;
  AssertionTrap trap;
  static_cast<void>(Replay(body, explored.result.failure->schedule, Quiet()));
  EXPECT_EQ(after, 0);
  EXPECT_FALSE(trap.results().empty());
}

TEST(SkipInABody, EndsTheSearchAndSkipsTheTest) {
  int runs = 0;
  const Explored explored = ExploreTrapped([&runs] {
    ++runs;
    GTEST_SKIP() << "no such device";
  });
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(explored.result.schedules, 1u);
  EXPECT_TRUE(explored.result.skipped);
  EXPECT_FALSE(explored.result.failure.has_value());
  ASSERT_EQ(explored.reached.size(), 1u);
  EXPECT_TRUE(explored.reached[0].skip);
  EXPECT_NE(explored.reached[0].message.find("no such device"), std::string::npos);
}

TEST(SkipInABody, UnderOneScheduleEndsTheSearchThere) {
  int runs = 0;
  const Explored explored = ExploreTrapped([&runs] {
    ++runs;
    if (EarlyReturn("skips")) GTEST_SKIP() << "here";
  });
  EXPECT_TRUE(explored.result.skipped);
  EXPECT_GT(runs, 1);
  EXPECT_EQ(explored.result.schedules, static_cast<std::uint64_t>(runs));
  ASSERT_EQ(explored.reached.size(), 1u);
  EXPECT_TRUE(explored.reached[0].skip);
}

TEST(SkipInABody, ByATaskCountsToo) {
  const Explored explored = ExploreTrapped([] { Go([] { GTEST_SKIP() << "in a task"; }); });
  EXPECT_TRUE(explored.result.skipped);
  EXPECT_EQ(explored.result.schedules, 1u);
  EXPECT_EQ(explored.reached.size(), 1u);
}

TEST(SkipInABody, IsSkippedWhenReplayed) {
  AssertionTrap trap;
  const ExploreResult result = Replay([] { GTEST_SKIP(); }, Schedule(), Quiet());
  EXPECT_TRUE(result.skipped);
  ASSERT_EQ(trap.results().size(), 1u);
  EXPECT_TRUE(trap.results()[0].skip);
}

// ---- Bodies that are not the same each time.

TEST(Nondeterminism, IsSaidInsteadOfALeakThatCannotBeTrusted) {
  int runs = 0;
  const Body body = [&runs] {
    ++runs;
    Go([n = runs] {
      if (n % 2 == 0) Select();
      Yield();
    });
  };
  const ExploreResult result = Explore(body, Quiet());
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kNondeterminism);
  EXPECT_EQ(result.schedules, 2u) << "the first run was clean";
  EXPECT_NE(result.failure->message.find("static"), std::string::npos)
      << "it says what to look for";
  EXPECT_NE(result.failure->Text().find("not deterministic"), std::string::npos)
      << result.failure->Text();
}

TEST(Nondeterminism, OfALeakThatNeverComesAgain) {
  int runs = 0;
  const ExploreResult result = Explore(
      [&runs] {
        if (++runs == 7) Go([] { Select(); });
      },
      Quiet());
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kNondeterminism);
  EXPECT_EQ(result.schedules, 7u);
  EXPECT_NE(result.failure->message.find("leak"), std::string::npos) << "it says what it was";
}

TEST(Nondeterminism, IsSaidByAReplayToo) {
  int runs = 0;
  const ExploreResult result = Replay(
      [&runs] {
        if (++runs == 1) Go([] { Select(); });
      },
      Schedule(), Quiet());
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kNondeterminism);
}

// An EXPECT that fails in runs 5 to 4 + `times` only, whatever the schedule. Ends the process with
// 0 when the search came back and the test heard of it.
[[noreturn]] void ExploreWithAPassingFailure(int times) {
  int runs = 0;
  const Explored explored = ExploreTrapped([&runs, times] {
    ++runs;
    EXPECT_TRUE(runs < 5 || runs >= 5 + times) << "run " << runs;
  });
  if (!explored.result.failure.has_value()) std::_Exit(3);
  std::_Exit(explored.reached.empty() ? 4 : 0);
}

// Property: however often the EXPECT fails before it holds again, the search comes back, and the
// failure is not lost.
TEST(NondeterminismDeathTest, AFailedExpectIsNeverLost) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (int times = 1; times <= 8; ++times) {
    EXPECT_EXIT(ExploreWithAPassingFailure(times), testing::ExitedWithCode(0), "")
        << "it fails " << times << " times";
  }
}

}  // namespace
