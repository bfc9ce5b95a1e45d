#include <gtest/gtest.h>

#include <string>

#include "harness/command/render.h"
#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

TEST(AsTextTest, IsThis) {
  EXPECT_EQ(
      AsText(FixedReport()),
      R"(ERROR: taskleak: 4 threads never ended (2 processes seen; 3 proven, 1 suspect, 1 idle)

3 threads "worker", "other", proven, blocked in cond wait for up to 1.5s, in 2 processes
    #0 Pool::Work(Job<int>&)          pool.cc:41
    #1 Pool::Run()                    pool.cc:60
  in Pool.Grows/1, Pool.Stops (2 threads)
  started at
    #0 Start()                        start.cc:7
    #1 main()                         main.cc:3
  fingerprint f1-352b603efa0c71fa

1 thread "worker", suspect, blocked in cond wait
    #0 Reader::Loop()                 reader, v2.cc:9
  started at
    #0 Start()                        start.cc:7
  fingerprint f1-1b0d3109cc71bcc1

NOTE: taskleak: 1 thread of idle pools, which are no leaks; --why-ignored lists them, --fail-on idle counts them
NOTE: taskleak: 1 thread left out by rules; --why-ignored lists them
NOTE: taskleak: 1 of 3 processes left no report: crasher.
SUMMARY: taskleak: 3 threads blocked in cond wait at Pool::Work(Job<int>&) (pool.cc:41), started at Start() (start.cc:7) and 1 more
)");
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
    report.leaks.push_back(MakeLeak("F" + std::to_string(i) + "()", "/project/f.cc", i + 1));
  EXPECT_NE(AsText(report).find("\nand 10 leaks more; --report FILE writes them all\n"),
            std::string::npos);
}

}  // namespace
}  // namespace taskleak::internal
