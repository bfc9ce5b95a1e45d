#include <gtest/gtest.h>

#include <string>

#include "harness/command/render.h"
#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

TEST(AsTextTest, IsThis) {
  EXPECT_EQ(AsText(FixedReport()), R"(FIXME)");
}

TEST(AsTextTest, SaysThatThereIsNoLeak) {
  RunReport report = FixedReport();
  report.leaks.clear();
  report.notes.clear();
  EXPECT_EQ(AsText(report), "SUMMARY: taskleak: no leak, 2 processes seen\n");
}

TEST(AsTextTest, ListsWhatWasLeftOutWhenAsked) {
  const std::string quiet = AsText(FixedReport());
  EXPECT_EQ(quiet.find("Known()"), std::string::npos);
  EXPECT_EQ(quiet.find("Idle::Wait()"), std::string::npos);
  const std::string all = AsText(FixedReport(), {.why_ignored = true});
  EXPECT_NE(all.find("Known()"), std::string::npos);
  EXPECT_NE(all.find("  left out by known.txt:1: taskleak:Known\n"), std::string::npos);
  EXPECT_NE(all.find("Idle::Wait()"), std::string::npos);
}

TEST(AsTextTest, IsAWarningWhereNothingIsProven) {
  RunReport report = FixedReport();
  report.leaks.erase(report.leaks.begin());
  EXPECT_TRUE(AsText(report).starts_with("WARNING: taskleak: 1 thread never ended"));
}

TEST(AsTextTest, OfManyLeaksCountsThoseItDoesNotShow) {
  RunReport report;
  for (int i = 0; i < 60; ++i)
    report.leaks.push_back(MakeLeak("F" + std::to_string(i) + "()", "/work/f.cc", i + 1));
  EXPECT_NE(AsText(report).find("\nand 10 leaks more; --report FILE writes them all\n"),
            std::string::npos);
}

}  // namespace
}  // namespace taskleak::internal
