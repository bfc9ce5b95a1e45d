// Selector: Select built at run time.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/select.h"
#include "taskleak/task.h"

namespace {

using taskleak::Chan;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Panic;
using taskleak::Selector;
using taskleak::TaskId;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectRootBlockedIn;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::TestRun;

// Moving it may throw, so a box of it travels.
struct Boxed {
  explicit Boxed(int value) : value(value) {}
  Boxed(Boxed&& other) noexcept(false) : value(std::exchange(other.value, -1)) {}
  Boxed& operator=(Boxed&& other) noexcept(false) {
    value = std::exchange(other.value, -1);
    return *this;
  }
  int value;
};

class SelectorTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(SelectorTest);

TEST_P(SelectorTest, IsSelectBuiltAtRunTime) {
  ExpectClean(RunOnce([] {
    std::vector<Chan<int>> channels;
    channels.reserve(12);
    for (int i = 0; i < 12; ++i) channels.push_back(MakeChan<int>());
    std::size_t chosen = 99;
    int got = 0;
    const TaskId task = Go([&] {
      Selector select;
      for (const Chan<int>& ch : channels) select.Recv(ch, [&](std::optional<int> v) { got = *v; });
      EXPECT_EQ(select.size(), 12u);
      chosen = select.Wait();
    });
    AwaitBlocked(task);
    channels[10].Send(5);
    AwaitEnd(task);
    EXPECT_EQ(chosen, 10u);
    EXPECT_EQ(got, 5);
  }));
}

TEST_P(SelectorTest, TheIndexCountsCasesInTheOrderTheyWereAdded) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    std::optional<int> got;
    int defaults = 0;
    EXPECT_EQ(Selector().Recv(ch, got).Default([&] { ++defaults; }).Wait(), 1u);
    EXPECT_EQ(defaults, 1);
    EXPECT_EQ(Selector().Default().Recv(Chan<int>()).Send(ch, 4).Wait(), 2u);
    EXPECT_EQ(Selector().Default().Recv(ch, got).Wait(), 1u);
    EXPECT_EQ(got, 4);
  }));
}

TEST_P(SelectorTest, WithoutCasesBlocksForEver) {
  const TestRun run = RunOnce([] {
    Selector().Wait();
    ADD_FAILURE() << "came back";
  });
  ExpectRootBlockedIn(run, "select");
}

TEST_P(SelectorTest, OwnsItsValuesAndGivesBackWhatWasNotSent) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::unique_ptr<int>>(1);
    const auto boxed = MakeChan<Boxed>();
    Selector select;
    select.Send(Chan<std::unique_ptr<int>>(), std::make_unique<int>(1))
        .Send(ch, std::make_unique<int>(2));
    select.Send(boxed, Boxed(3));
    EXPECT_EQ(select.Wait(), 1u);
    const auto kept = select.Take<std::unique_ptr<int>>(0);
    ASSERT_TRUE(kept.has_value() && *kept != nullptr);
    EXPECT_EQ(**kept, 1);
    EXPECT_FALSE(select.Take<std::unique_ptr<int>>(0).has_value()) << "taken already";
    EXPECT_FALSE(select.Take<std::unique_ptr<int>>(1).has_value()) << "sent";
    const auto box = select.Take<Boxed>(2);
    ASSERT_TRUE(box.has_value());
    EXPECT_EQ(box->value, 3);
    EXPECT_EQ(**ch.Recv(), 2);
    EXPECT_THROW(select.Take<int>(0), Panic);
  }));
}

}  // namespace
