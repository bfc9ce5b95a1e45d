#include "harness/command/suppressions.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

// The leak of FixedReport() that the rules leave out, by their text; "" where it counts.
std::string SuppressedBy(const std::string& rules) {
  std::string problem;
  const std::optional<Suppressions> suppressions =
      Suppressions::Parse(rules, "known.txt", &problem);
  EXPECT_TRUE(suppressions.has_value()) << problem;
  RunReport report = FixedReport();
  if (suppressions.has_value()) suppressions->Apply(&report);
  return report.leaks[0].suppressed_by;
}

TEST(SuppressionsTest, MatchAFunctionOfEitherStack) {
  EXPECT_EQ(SuppressedBy("taskleak:Pool::Work"), "known.txt:1: taskleak:Pool::Work");
  EXPECT_EQ(SuppressedBy("# a comment\n\n  taskleak:Star* # why\n"), "known.txt:3: taskleak:Star*");
  EXPECT_EQ(SuppressedBy("taskleak:ool::W"), "known.txt:1: taskleak:ool::W");
  EXPECT_EQ(SuppressedBy("taskleak:^Pool$"), "");
  EXPECT_EQ(SuppressedBy("taskleak:^Pool::Work$"), "known.txt:1: taskleak:^Pool::Work$");
  EXPECT_EQ(SuppressedBy("taskleak:Other::*"), "");
}

TEST(SuppressionsTest, MatchNamesOnlyWhenAllThreadsHaveThem) {
  EXPECT_EQ(SuppressedBy("thread:*"), "known.txt:1: thread:*");
  EXPECT_EQ(SuppressedBy("thread:worker"), "");  // One is called "other".
}

TEST(SuppressionsTest, MatchAModuleOfTheCreationStack) {
  EXPECT_EQ(SuppressedBy("module:pool_*"), "known.txt:1: module:pool_*");
  EXPECT_EQ(SuppressedBy("module:libuv*"), "");
}

TEST(SuppressionsTest, OneThatMatchesNothingIsSaid) {
  std::string problem;
  const std::optional<Suppressions> suppressions =
      Suppressions::Parse("taskleak:Nobody\ntaskleak:Start", "known.txt", &problem);
  ASSERT_TRUE(suppressions.has_value()) << problem;
  RunReport report = FixedReport();
  report.notes.clear();
  suppressions->Apply(&report);
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(report.notes[0].text, "known.txt:1: taskleak:Nobody matched no leak; remove it.");
}

TEST(SuppressionsTest, ALineThatIsNoRuleIsNamed) {
  std::string problem;
  EXPECT_FALSE(Suppressions::Parse("taskleak:A\nrace:B\n", "known.txt", &problem).has_value());
  EXPECT_TRUE(problem.starts_with("known.txt:2: \"race:B\" is no rule; write taskleak:GLOB"))
      << problem;
  EXPECT_FALSE(Suppressions::Parse("thread:", "known.txt", &problem).has_value());
  EXPECT_FALSE(Suppressions::Parse("Pool::Work", "known.txt", &problem).has_value());
}

}  // namespace
}  // namespace taskleak::internal
