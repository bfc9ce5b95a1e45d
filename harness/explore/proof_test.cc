// What Explore says of an exhaustive search.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using testing::HasSubstr;
using testing::MatchesRegex;

ExploreOptions Exhaustive() {
  ExploreOptions options;
  options.strategy = Strategy::kExhaustive;
  options.schedules = 0;
  options.quiet = true;
  return options;
}

void Answer(std::size_t capacity) {
  const auto answers = MakeChan<int>(capacity);
  Go("asker", [=] { answers.Send(42); });
  if (EarlyReturn("out of time")) return;
  answers.Recv();
}

TEST(Proof, VerifiesTheFixedTwinAndFindsTheLeakyOne) {
  const ExploreResult fixed = Explore([] { Answer(1); }, Exhaustive());
  EXPECT_FALSE(fixed.failure.has_value());
  EXPECT_TRUE(fixed.exhausted);
  EXPECT_THAT(
      fixed.verdict,
      MatchesRegex("verified: all [0-9]+ schedules explored \\([0-9]+ after reduction; .*"));
  EXPECT_GT(fixed.schedules, 1u);

  const ExploreResult leaky = Explore([] { Answer(0); }, Exhaustive());
  ASSERT_TRUE(leaky.failure.has_value());
  EXPECT_EQ(leaky.failure->schedule.size(), 1u);
  EXPECT_FALSE(leaky.exhausted);
  EXPECT_EQ(leaky.verdict, "") << "what failed is not spoken of as verified or not";
}

TEST(Proof, ASearchThatEndsBeforeIsNone) {
  ExploreOptions options = Exhaustive();
  options.schedules = 1;
  const ExploreResult result = Explore([] { Answer(1); }, options);
  EXPECT_FALSE(result.exhausted);
  EXPECT_THAT(result.verdict, HasSubstr("not verified: the search ended after 1 run,"));
}

TEST(Proof, ARunThatReachesTheStepLimitIsNone) {
  ExploreOptions options = Exhaustive();
  options.max_steps = 10;
  const ExploreResult result = Explore(
      [] {
        const auto ch = MakeChan<int>(20);
        for (int i = 0; i < 15; ++i) ch.Send(i);
      },
      options);
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_FALSE(result.exhausted);
  EXPECT_THAT(result.verdict, HasSubstr("reached the limit of 10 operations"));
}

TEST(Proof, NamesItsDomain) {
  ExploreOptions options = Exhaustive();
  options.faults = kCancels;
  EXPECT_THAT(Explore([] { Answer(1); }, options).verdict,
              HasSubstr("timers fire when nothing else can move; faults: cancels; fuzzed data: the "
                        "canonical value"));
  options = Exhaustive();
  options.preemption_bound = 1;
  const ExploreResult bounded = Explore([] { Answer(1); }, options);
  EXPECT_FALSE(bounded.exhausted);
  EXPECT_THAT(bounded.verdict, HasSubstr("no more than 1 preemption in a run"));
}

}  // namespace
