// Bodies that are not the same each time: found when asked for, with the place where two runs of
// one schedule part; silent where a body repeats itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using testing::ContainsRegex;
using testing::HasSubstr;

ExploreOptions Checked(Strategy strategy) {
  ExploreOptions options;
  options.strategy = strategy;
  options.schedules = 200;
  options.quiet = true;
  options.check_determinism = true;
  return options;
}

// Sends or does not, as `even` says.
Body Wavering(const std::function<bool()>& even) {
  return [even] {
    const auto ch = MakeChan<int>(4);
    Go("worker", [=] {
      ch.Send(1);
      if (even()) ch.Len();
      ch.Send(2);
    });
    ch.Recv();
  };
}

class Determinism : public testing::TestWithParam<Strategy> {};

TEST_P(Determinism, IsCheckedWhateverTheStrategy) {
  const ExploreResult steady = Explore(Wavering([] { return true; }), Checked(GetParam()));
  EXPECT_FALSE(steady.failure.has_value()) << steady.failure->Text();

  int times = 0;
  const ExploreResult wavering =
      Explore(Wavering([&times] { return ++times % 2 == 0; }), Checked(GetParam()));
  ASSERT_TRUE(wavering.failure.has_value());
  EXPECT_EQ(wavering.failure->kind, FailureKind::kNondeterminism);
  EXPECT_EQ(wavering.schedules, 1u);
  EXPECT_THAT(wavering.failure->message,
              ContainsRegex("worker (did|came to) its 2nd chan send .determinism_test.cc:"));
  EXPECT_THAT(wavering.failure->message,
              ContainsRegex("worker (did|came to) its 1st chan len .determinism_test.cc:"));
  EXPECT_THAT(wavering.failure->Text(), HasSubstr("the body is not deterministic"));
}

INSTANTIATE_TEST_SUITE_P(Strategies, Determinism, testing::ValuesIn(kAllStrategies),
                         [](const testing::TestParamInfo<Strategy>& info) {
                           return std::string(ToString(info.param));
                         });

// What bodies do in fact; the second is the word of a device, the third of the memory's layout.
TEST(Determinism, OfTheRealClockADeviceAndAnAddress) {
  const auto last_bit_of_the_clock = [] {
    return std::chrono::steady_clock::now().time_since_epoch().count() / 100 % 2 == 0;
  };
  const auto last_bit_of_a_device = [] { return std::random_device()() % 2 == 0; };
  const auto kept = std::make_shared<std::vector<std::unique_ptr<std::uint64_t>>>();
  const auto a_bit_of_an_address = [kept] {
    kept->push_back(std::make_unique<std::uint64_t>());  // So that each is another one.
    return reinterpret_cast<std::uintptr_t>(kept->back().get()) / 32 % 2 == 0;
  };
  for (const std::function<bool()>& bit :
       {std::function<bool()>(last_bit_of_the_clock), std::function<bool()>(last_bit_of_a_device),
        std::function<bool()>(a_bit_of_an_address)}) {
    const ExploreResult result = Explore(Wavering(bit), Checked(Strategy::kPortfolio));
    ASSERT_TRUE(result.failure.has_value());
    EXPECT_EQ(result.failure->kind, FailureKind::kNondeterminism);
    EXPECT_THAT(result.failure->message, HasSubstr("they part after"));
  }
}

// A leak that does not come again is no leak that can be trusted, checked or not.
TEST(Determinism, SaysWhereAReplayOfALeakParts) {
  int times = 0;
  ExploreOptions options = Checked(Strategy::kRandom);
  options.check_determinism = false;
  const ExploreResult result = Explore(
      [&times] {
        const auto ch = MakeChan<int>();
        const bool leaks = ++times % 2 == 0;
        Go("asker", [=] {
          if (leaks) ch.Recv();
        });
      },
      options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kNondeterminism);
  EXPECT_THAT(result.failure->message, HasSubstr("did not show it again: they part after"));
  EXPECT_THAT(result.failure->message, HasSubstr("asker blocked in its 1st chan recv"));
  EXPECT_THAT(result.failure->message, HasSubstr("asker ended"));
}

}  // namespace
