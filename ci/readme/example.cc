// The test at the top of the README. It fails, as the README says, and CI expects it to.
#include "gtest/gtest.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

// README: begin
TEST(Answer, EndsWithItsCaller) {
  taskleak::ExploreResult result = taskleak::Explore([] {
    auto answers = taskleak::MakeChan<int>();  // Unbuffered: a send waits for its receiver.
    taskleak::Go("asker", [answers] { answers.Send(42); });
    if (taskleak::EarlyReturn("out of time")) return;  // Some schedules take it.
    answers.Recv();
  });
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
}
// README: end
