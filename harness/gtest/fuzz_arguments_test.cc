#include "harness/gtest/fuzz_arguments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "taskleak/error.h"

namespace {

using taskleak::UsageError;
using taskleak::internal::FuzzArguments;
using taskleak::internal::ParseDuration;
using taskleak::internal::ParseFuzzArguments;
using Words = std::vector<std::string>;

const Words kTests = {"Pool.EndsWithItsCaller", "Pool.Drains", "Other.Name"};

FuzzArguments Parse(Words words) {
  words.insert(words.begin(), "binary");
  return ParseFuzzArguments(words, kTests);
}

std::string Refusal(const Words& words) {
  try {
    Parse(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(FuzzArguments, WithoutOursEverythingIsGoogleTests) {
  const FuzzArguments none = Parse({"--gtest_filter=A.*", "-x", "file", "--gmock_verbose=info"});
  EXPECT_EQ(none.rest,
            (Words{"binary", "--gtest_filter=A.*", "-x", "file", "--gmock_verbose=info"}));
  EXPECT_TRUE(none.fuzz.empty());
  EXPECT_FALSE(none.schedules.has_value());
  EXPECT_TRUE(none.feedback);
}

TEST(FuzzArguments, OursAreReadAndTakenOut) {
  const FuzzArguments some = Parse({"--schedules=20", "--seconds=1.5", "--gtest_shuffle",
                                    "--corpus=dir", "--seed=9", "--fuzz_for=2m"});
  EXPECT_EQ(some.rest, (Words{"binary", "--gtest_shuffle"}));
  EXPECT_EQ(some.schedules, 20u);
  EXPECT_EQ(some.seconds, 1.5);
  EXPECT_EQ(some.fuzz_for, 120.0);
  EXPECT_EQ(some.corpus, "dir");
  EXPECT_EQ(some.seed, 9u);
}

TEST(FuzzArguments, WhatFollowsTwoDashesIsLibFuzzers) {
  const Words words = {"--fuzz=Pool.Drains", "--", "-runs=5", "--schedules=x", "dir"};
  const FuzzArguments fuzz = Parse(words);
  EXPECT_EQ(fuzz.fuzz, "Pool.Drains");
  EXPECT_EQ(fuzz.rest, (Words{"binary"}));
  EXPECT_EQ(fuzz.all.size(), words.size() + 1) << "it is given the whole argv";
  EXPECT_FALSE(fuzz.schedules.has_value());
}

TEST(FuzzArguments, HelpIsGoogleTestsToo) {
  const FuzzArguments help = Parse({"--help"});
  EXPECT_TRUE(help.help);
  EXPECT_EQ(help.rest, (Words{"binary", "--help"}));
  EXPECT_TRUE(Parse({"--version"}).version);
  EXPECT_TRUE(Parse({"--list_fuzz_tests"}).list);
}

TEST(FuzzArguments, WhatIsWrongIsSaidWithASuggestion) {
  EXPECT_EQ(Refusal({"--fuzzfor=3s"}), "there is no flag --fuzzfor; did you mean --fuzz_for?");
  EXPECT_EQ(Refusal({"--shedules=3"}), "there is no flag --shedules; did you mean --schedules?");
  EXPECT_EQ(Refusal({"--list_fuzz_test"}),
            "there is no flag --list_fuzz_test; did you mean --list_fuzz_tests?");
  EXPECT_EQ(Refusal({"--fuzz_everything=1"}),
            "there is no flag --fuzz_everything; --help shows those that there are");
  EXPECT_EQ(Refusal({"--fuzz=Pool.Drain"}),
            "this binary has no fuzz test Pool.Drain; did you mean Pool.Drains?");
  EXPECT_EQ(
      Refusal({"--fuzz=Nothing.LikeIt"}),
      "this binary has no fuzz test Nothing.LikeIt; --list_fuzz_tests shows those that it has");
  EXPECT_EQ(Refusal({"--schedules=many"}),
            "--schedules takes a whole number above 0, not \"many\"");
  EXPECT_EQ(Refusal({"--schedules=0"}), "--schedules takes a whole number above 0, not \"0\"");
  EXPECT_EQ(Refusal({"--seconds=-1"}),
            "--seconds takes a time above 0, as 10s, 2m or 1h30m, not \"-1\"");
  EXPECT_EQ(Refusal({"--fuzz"}), "--fuzz wants a value: --fuzz=…; --help says which");
  EXPECT_EQ(Refusal({"--version=2"}), "--version takes no value");
  EXPECT_NE(Refusal({"--fuzz=Other.Name", "--replay=t1.x"}), "");
  EXPECT_NE(Refusal({"--fuzz_feedback=maybe"}), "");
  EXPECT_NE(Refusal({"--seed=1x"}), "");
}

TEST(FuzzArguments, ABinaryWithoutFuzzTestsSaysSo) {
  EXPECT_THROW(ParseFuzzArguments({"binary", "--fuzz=A.B"}, {}), UsageError);
  EXPECT_EQ(ParseFuzzArguments({"binary"}, {}).rest.size(), 1u);
}

TEST(ParseDuration, TakesFuzzTestsNotation) {
  EXPECT_EQ(ParseDuration("10s"), 10.0);
  EXPECT_EQ(ParseDuration("10"), 10.0);
  EXPECT_EQ(ParseDuration("0.5"), 0.5);
  EXPECT_EQ(ParseDuration("250ms"), 0.25);
  EXPECT_EQ(ParseDuration("1m30s"), 90.0);
  EXPECT_EQ(ParseDuration("1.5h"), 5400.0);
  for (const char* none :
       {"", "s", "10x", "-1s", "1m30", "0", "0s", "inf", "nan", "1e400", "10s ", "."})
    EXPECT_EQ(ParseDuration(none), std::nullopt) << none;
}

}  // namespace
