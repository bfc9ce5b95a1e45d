// The table of the bugs from the field, made of a catalogue of three.
#include "harness/cli/bug_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "harness/cli/markdown.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::BugRow;
using taskleak::internal::BugTable;
using taskleak::internal::BugTableOptions;
using taskleak::internal::MarkdownTable;
using taskleak::internal::MeasureBugs;
using taskleak::internal::ToPage;
using testing::HasSubstr;
using testing::StartsWith;

void Ask(std::size_t room) {
  const auto answer = MakeChan<int>(room);
  Go("asker", [answer] { answer.Send(1); });
  if (!EarlyReturn("no time")) answer.Recv();
}

Scenario Bug(const std::string& name, std::size_t room_of_twin) {
  return {.name = name,
          .summary = "",
          .origin = {.category = "Comm: Channel", .trigger = "a | b", .natively = "3 of 100"},
          .variants = {{.name = "leaky",
                        .body = [] { Ask(0); },
                        .expected = Expectation{.operation = "chan send"}},
                       {.name = "fixed", .body = [room_of_twin] { Ask(room_of_twin); }}}};
}

BugTable Measure(const std::vector<Scenario>& all, double proof_seconds = 10) {
  BugTableOptions options;
  options.folder = "bugs";
  options.search.seeds = 3;
  options.search.schedules = 200;
  options.proof_seconds = proof_seconds;
  std::ostringstream progress;
  return MeasureBugs(all, options, progress);
}

TEST(BugTable, FindsTheBugAndProvesItsTwin) {
  const BugTable table = Measure({Bug("bugs/one_1", 1), Bug("other/two_2", 1)});
  ASSERT_EQ(table.rows.size(), 1u) << "of the folder only";
  const BugRow& row = table.rows.front();
  EXPECT_EQ(row.scenario, "bugs/one_1");
  EXPECT_EQ(row.found.size(), 5u) << "every strategy that has seeds";
  EXPECT_EQ(row.entries, 1u);
  EXPECT_EQ(row.twin, "verified");
  EXPECT_TRUE(row.right);
  const std::string page = ToPage(table.rows, {});
  EXPECT_THAT(page, HasSubstr("| one_1 | Comm: Channel | a \\| b  | 3 of 100"));
  EXPECT_THAT(page, HasSubstr("finds 1 of 1 in all of 20 seeds"));
}

TEST(BugTable, ATwinThatLeaksIsNotRight) {
  const BugTable table = Measure({Bug("bugs/one_1", 0)});
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_THAT(table.rows.front().twin, StartsWith("FAILED: SUMMARY: taskleak: 1 task"));
  EXPECT_FALSE(table.rows.front().right);
}

TEST(BugTable, ATwinThatIsTooLargeToProveHasToHold) {
  Scenario bug = Bug("bugs/one_1", 1);
  bug.variants[1].body = [] {
    const auto numbers = MakeChan<std::int64_t>(64);
    for (int task = 0; task < 8; ++task)
      Go("sender", [numbers] {
        for (int i = 0; i < 8; ++i) numbers.Send(i);
      });
  };
  const BugTable table = Measure({bug}, 0.01);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows.front().twin, "held");
  EXPECT_TRUE(table.rows.front().right);
}

TEST(BugTable, RefusesAFolderThatIsNot) {
  EXPECT_THROW(Measure({Bug("other/two_2", 1)}), UsageError);
}

TEST(MarkdownTable, AlignsItsColumnsAndFillsShortLines) {
  EXPECT_EQ(MarkdownTable({{"a", "long head"}, {"wide cell", "1"}, {"x"}}),
            "| a         | long head |\n"
            "|-----------|-----------|\n"
            "| wide cell | 1         |\n"
            "| x         |           |\n");
}

}  // namespace
