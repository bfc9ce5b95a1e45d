// What is said of suites of GoogleTest's that were built without a thought of taskleak: a thread is
// charged to the test that started it, however the running test is known.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "harness/threads/run_program.h"

namespace taskleak::internal {
namespace {

Outcome RunSuite(const std::string& suite, const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> command{std::string(TASKLEAK_PROGRAMS) + "/" + suite};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProgram(command, true);
}

std::size_t Occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

// Four ways to know the test: each is asked for the same two charges.
struct Way {
  const char* name;
  const char* suite;
  std::vector<std::string> arguments;
};

class WaysTest : public testing::TestWithParam<Way> {};

TEST_P(WaysTest, TheTestThatStartedAThreadIsCharged) {
  const Outcome run = RunSuite(GetParam().suite, GetParam().arguments);
  EXPECT_EQ(run.exit_code, 90) << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "  in Charges.LeavesOneBehind\n"), 1u)
      << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "EndsItsThread"), 0u) << run.error_output;
  EXPECT_EQ(Occurrences(run.output, "FAILED"), 0u) << run.output;
}

INSTANTIATE_TEST_SUITE_P(
    All, WaysTest,
    testing::Values(Way{"symbols", "charges_suite", {}},
                    Way{"symbols_shuffled", "charges_suite", {"--gtest_shuffle"}},
                    Way{"symbols_brief", "charges_suite", {"--gtest_brief=1"}},
                    Way{"lines", "charges_suite_stripped", {}},
                    Way{"lines_coloured", "charges_suite_stripped", {"--gtest_color=yes"}},
                    Way{"filter",
                        "charges_suite_stripped",
                        {"--gtest_brief=1", "--gtest_filter=Charges.LeavesOneBehind"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(SuitesTest, ALaterThreadOfATestsThreadIsThatTests) {
  const Outcome run = RunSuite("charges_suite", {"--gtest_filter=Charges.*Start*"});
  EXPECT_EQ(run.exit_code, 90) << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "  in Charges.StartsOneThatStartsOne\n"), 1u)
      << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "RunsWhileItIsStarted"), 0u) << run.error_output;
}

TEST(SuitesTest, WhatASuiteStartsIsTheSuites) {
  const Outcome run = RunSuite("charges_suite", {"--gtest_filter=OfTheSuite.*"});
  EXPECT_EQ(run.exit_code, 90) << run.error_output;
  EXPECT_EQ(
      Occurrences(run.error_output, "  in OfTheSuite (its SetUpTestSuite or TearDownTestSuite)\n"),
      1u)
      << run.error_output;
}

TEST(SuitesTest, WhereNothingTellsTheTestTheProcessIsCharged) {
  const Outcome run =
      RunSuite("charges_suite_stripped", {"--gtest_brief=1", "--gtest_filter=Charges.Leaves*"});
  EXPECT_EQ(run.exit_code, 90) << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "  in no test that is known"), 1u) << run.error_output;
}

TEST(SuitesTest, TwoRepetitionsAreChargedBoth) {
  const Outcome run =
      RunSuite("charges_suite", {"--gtest_filter=*LeavesOneBehind", "--gtest_repeat=2"});
  EXPECT_EQ(run.exit_code, 90) << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "2 threads never ended"), 1u) << run.error_output;
}

TEST(SuitesTest, ASuiteThatLeavesNothingBehindHearsNothing) {
  const Outcome run = RunSuite("charges_suite", {"--gtest_filter=*EndsItsThread"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.error_output, "");
}

// Which of the three pools is made, and by which test, is the arguments' matter.
class PoolsTest : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(PoolsTest, AnIdlePoolIsANoteInEveryOrderAndCompany) {
  const Outcome run = RunSuite("pools_suite", GetParam());
  EXPECT_EQ(run.exit_code, 0) << run.output << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "ERROR"), 0u) << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "WARNING"), 0u) << run.error_output;
  const bool only_the_static_one = GetParam()[0] == "--gtest_filter=StaticLocal.*";
  EXPECT_EQ(Occurrences(run.error_output, "NOTE: taskleak:"), only_the_static_one ? 0u : 1u)
      << run.error_output;
}

INSTANTIATE_TEST_SUITE_P(
    Arguments, PoolsTest,
    testing::Values(std::vector<std::string>{"--gtest_shuffle", "--gtest_random_seed=1"},
                    std::vector<std::string>{"--gtest_shuffle", "--gtest_random_seed=2"},
                    std::vector<std::string>{"--gtest_shuffle", "--gtest_random_seed=3"},
                    std::vector<std::string>{"--gtest_repeat=3"},
                    std::vector<std::string>{"--gtest_filter=*.First"},
                    std::vector<std::string>{"--gtest_filter=*.Second"},
                    std::vector<std::string>{"--gtest_filter=StaticLocal.*"},
                    std::vector<std::string>{"--gtest_filter=LeakedSingleton.*"},
                    std::vector<std::string>{"--gtest_filter=CallOnce.*"}));

TEST(PoolsInShardsTest, AnIdlePoolIsANote) {
  for (const char* shard : {"0", "1", "2"}) {
    const Outcome run = RunProgram({std::string(TASKLEAK_PROGRAMS) + "/pools_suite"}, true,
                                   {{"GTEST_TOTAL_SHARDS", "3"}, {"GTEST_SHARD_INDEX", shard}});
    EXPECT_EQ(run.exit_code, 0) << shard << run.error_output;
    EXPECT_EQ(Occurrences(run.error_output, "ERROR"), 0u) << shard << run.error_output;
    EXPECT_EQ(Occurrences(run.error_output, "WARNING"), 0u) << shard << run.error_output;
  }
}

TEST(SuitesTest, DeathTestsBesideALivePoolAreUndisturbed) {
  if (kWithTsan) GTEST_SKIP() << "ThreadSanitizer dies in such children";
  const Outcome run = RunSuite("deaths_suite", {"--gtest_filter=*LivePool*"});
  EXPECT_EQ(run.exit_code, 0) << run.output << run.error_output;
  EXPECT_EQ(Occurrences(run.output, "[       OK ]"), 2u) << run.output;
  EXPECT_EQ(Occurrences(run.error_output, "taskleak:"), 0u) << run.error_output;
}

TEST(SuitesTest, DeathTestsBesideALeakedWaiterYieldOneReportOfTheParents) {
  if (kWithTsan) GTEST_SKIP() << "ThreadSanitizer reports the destructor as a race";
  const Outcome run = RunSuite("deaths_suite", {"--gtest_filter=*LeakedWaiter*"});
  EXPECT_EQ(run.exit_code, 90) << run.output << run.error_output;
  EXPECT_EQ(Occurrences(run.output, "[       OK ]"), 2u) << run.output << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "SUMMARY: taskleak:"), 1u) << run.error_output;
}

TEST(SuitesTest, ATestThatHangsInJoinIsReportedAndEnded) {
  const Outcome run = RunSuite("hangs_suite", {"--gtest_filter=*InJoin"});
  EXPECT_EQ(run.exit_code, 90) << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "the process is stuck for ever; 2 proven"), 1u)
      << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "  in Hangs.InJoin\n"), 1u) << run.error_output;
}

TEST(SuitesTest, AJoinableThreadThatIsDestroyedIsNamed) {
  const Outcome run = RunSuite("hangs_suite", {"--gtest_filter=*Joinable*"});
  EXPECT_EQ(run.exit_code, 128 + SIGABRT) << run.error_output;
  EXPECT_EQ(Occurrences(run.output, "the message that must not be lost"), 1u) << run.output;
  EXPECT_EQ(Occurrences(run.error_output, "a thread was destroyed that was not joined"), 1u)
      << run.error_output;
  EXPECT_EQ(Occurrences(run.error_output, "  in Hangs.ReturnsEarlyWithAJoinableThread\n"), 1u)
      << run.error_output;
}

}  // namespace
}  // namespace taskleak::internal
