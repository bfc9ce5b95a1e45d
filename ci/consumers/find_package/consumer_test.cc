// What somebody else's project can do with an installed taskleak: one leak found, its cure silent.
#include <string>

#include "gtest/gtest.h"
#include "taskleak/explore.h"
#include "taskleak/fuzz_test.h"
#include "taskleak/taskleak.h"

namespace {

TEST(Consumer, FindsASendThatNobodyReceives) {
  taskleak::ExploreResult result = taskleak::Explore([] {
    auto answers = taskleak::MakeChan<int>();
    taskleak::Go("sender", [answers] { answers.Send(1); });
  });
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, taskleak::FailureKind::kLeak);
  EXPECT_NE(result.failure->Text().find("sender"), std::string::npos) << result.failure->Text();
}

TEST(Consumer, IsSilentWhenTheSendIsReceived) {
  taskleak::ExploreResult result = taskleak::Explore([] {
    auto answers = taskleak::MakeChan<int>();
    taskleak::Go("sender", [answers] { answers.Send(1); });
    EXPECT_EQ(answers.Recv(), 1);
  });
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
  EXPECT_GT(result.schedules, 0U);
}

// Under a main that does not know fuzz tests' flags, which must not go unread.
TASKLEAK_FUZZ_TEST(Consumer, ExploresUnderAnyMain) {
  auto answers = taskleak::MakeChan<int>(1);
  taskleak::Go("sender", [answers] { answers.Send(1); });
}

}  // namespace
