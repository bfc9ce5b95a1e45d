// What a scenario expects, against failures that show it and that do not.
#include "taskleak/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using testing::HasSubstr;
using testing::Optional;

// "sender" stays in its send, "waiter" in its wait for it.
Failure Leak() {
  ExploreOptions options;
  options.quiet = true;
  const ExploreResult result = Explore(
      [] {
        const auto senders = std::make_shared<WaitGroup>();
        const auto channel = MakeChan<int>();
        senders->Go("sender", [channel] { channel.Send(1); });
        Go("waiter", [senders] { senders->Wait(); });
      },
      options);
  return result.failure.value();
}

std::optional<std::string> With(std::vector<std::string> remain) {
  static const Failure failure = Leak();
  return Mismatch({.operation = "chan send", .task = "send*", .remain = std::move(remain)},
                  failure);
}

TEST(Mismatch, IsNoneWhereAllThatStaysIsNamed) {
  EXPECT_EQ(With({}), std::nullopt) << "not looked at";
  EXPECT_EQ(With({"sender: chan send", "waiter: waitgroup wait"}), std::nullopt);
  EXPECT_EQ(With({"*: chan send", "*: waitgroup*"}), std::nullopt);
  EXPECT_EQ(With({"*: *"}), std::nullopt);
}

TEST(Mismatch, SaysWhatStaysUnexpectedly) {
  EXPECT_THAT(With({"sender: chan send"}),
              Optional(HasSubstr("\"waiter: waitgroup wait\" stays, which was not expected")));
  EXPECT_THAT(With({"sender: chan recv", "waiter: *"}),
              Optional(HasSubstr("\"sender: chan send\" stays")));
}

TEST(Mismatch, SaysWhatShouldStayAndDoesNot) {
  EXPECT_THAT(With({"*: chan send", "*: waitgroup wait", "root: *"}),
              Optional(HasSubstr("expected \"root: *\" to stay, which does not")));
  EXPECT_EQ(With({"*: chan send", "*: waitgroup wait", "?root: *"}), std::nullopt)
      << "that one need not";
}

TEST(Mismatch, ComparesKindOperationAndTaskOfTheFirstGroup) {
  const Failure failure = Leak();
  EXPECT_THAT(Mismatch({.kind = FailureKind::kDeadlock}, failure),
              Optional(HasSubstr("expected a deadlock, got a leak")));
  EXPECT_THAT(Mismatch({.operation = "lock"}, failure), Optional(HasSubstr("blocked in lock")));
  EXPECT_THAT(Mismatch({.task = "waiter"}, failure), Optional(HasSubstr("got \"sender\"")));
}

// Root waits for a task that is stuck itself: that one is told first. Where another waits for what
// root holds, root is.
TEST(MostTelling, RootComesBehindThoseItWaitsFor) {
  ExploreOptions options;
  options.quiet = true;
  const ExploreResult waits = Explore(
      [] {
        const auto done = MakeChan<Unit>();
        const auto never = MakeChan<Unit>();
        Go("worker", [=] {
          never.Recv();
          done.Close();
        });
        done.Recv();
      },
      options);
  ASSERT_TRUE(waits.failure.has_value());
  EXPECT_THAT(waits.failure->Identity(), HasSubstr("\"worker\" in its 1st chan recv"));
  const ExploreResult holds = Explore(
      [] {
        const auto mutex = std::make_shared<Mutex>();
        mutex->Lock();
        Go("worker", [=] { mutex->Lock(); });
        MakeChan<Unit>().Recv();
      },
      options);
  ASSERT_TRUE(holds.failure.has_value());
  EXPECT_EQ(holds.failure->Identity(), "deadlock: root in its 1st chan recv on channel 1");
}

}  // namespace
