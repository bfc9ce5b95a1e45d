// A schedule as a person hands it over: a token, or a file with one of several things in it.
#include "harness/explore/read_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz/kept.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::ReadSchedule;
using taskleak::internal::WriteKept;
using testing::HasSubstr;

void Answers() {
  const auto answers = MakeChan<int>();
  Go("asker", [=] { answers.Send(42); });
  if (EarlyReturn("out of time")) return;
  answers.Recv();
}

ExploreOptions Quiet() {
  ExploreOptions options;
  options.quiet = true;
  return options;
}

class ReadScheduleTest : public testing::Test {
 protected:
  ReadScheduleTest() : folder_(testing::TempDir() + "read_schedule." + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~ReadScheduleTest() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  static std::string Refusal(const std::string& what) {
    try {
      static_cast<void>(ReadSchedule(Answers, what, Quiet()));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

 private:
  const std::string folder_;
};

// Property: a failure's token, the line that its report prints, its text form and a kept file of it
// are all the same schedule.
TEST_F(ReadScheduleTest, EveryFormIsTheSameSchedule) {
  const ExploreResult result = Explore(Answers, Quiet());
  ASSERT_TRUE(result.failure.has_value());
  const Schedule& schedule = result.failure->schedule;
  ASSERT_EQ(schedule.size(), 1u);
  const std::string token = schedule.Token();
  EXPECT_THAT(result.failure->Script(), HasSubstr("root at its 1st early return: returns\n"));
  for (const std::string& what :
       {token, File("bare", token + "\n"),
        File("a.token", "TASKLEAK_REPLAY=" + token + " ./test --gtest_filter=A.B\n"),
        File("b.token", "ci/fuzz a/b/c --replay=" + token + "\n"), File("c.token", token)}) {
    EXPECT_EQ(ReadSchedule(Answers, what, Quiet()), schedule) << what;
  }
  // Of these the file, or the reader, knows for which body it is.
  Schedule without_layout = schedule;
  without_layout.layout = 0;
  for (const std::string& what : {File("a.script", result.failure->Script()),
                                  File("kept.schedule", WriteKept({"a/b", 7, {schedule}}))}) {
    EXPECT_EQ(ReadSchedule(Answers, what, Quiet()), without_layout) << what;
  }
}

// A token says for which layout of decisions it was found: under another one it is replayed, and
// that is said, with how much of it came up.
TEST(Replay, SaysThatTheBodyHasAnotherLayout) {
  const ExploreResult found = Explore(Answers, Quiet());
  ASSERT_TRUE(found.failure.has_value());
  const Schedule schedule = Schedule::FromToken(found.failure->schedule.Token());
  EXPECT_NE(schedule.layout, 0u);
  const auto said = [&schedule](const Body& body) {
    testing::internal::CaptureStderr();
    Replay(body, schedule);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(said(Answers), Not(HasSubstr("another layout")));
  const std::string mended = said([] {
    const auto [ctx, cancel] = WithCancel(Background());
    const auto answers = MakeChan<int>();
    Go("asker", [=, ctx = ctx] { Select(OnSend(answers, 42), OnRecv(ctx.Done())); });
    if (!EarlyReturn("out of time")) answers.Recv();
    cancel();
  });
  EXPECT_THAT(mended, HasSubstr("another layout of decisions"));
  EXPECT_THAT(mended, HasSubstr("came to 1 of its 1 decisions."));
  EXPECT_THAT(said([] { Yield(); }),
              HasSubstr("came to 0 of its 1 decisions; that it does not fail"));
}

TEST_F(ReadScheduleTest, RefusesWhatIsNone) {
  EXPECT_THAT(Refusal("no/such/file"), HasSubstr("is none: one begins with"));
  EXPECT_THAT(Refusal(File("empty.schedule", "taskleak schedules 1\n")),
              HasSubstr("record it again"));
  EXPECT_THAT(Refusal(File("two.schedule", WriteKept({"a/b", 7, {Schedule(), Schedule()}}))),
              HasSubstr("holds 2 schedules"));
  EXPECT_THAT(Refusal(File("typo.script", "root at its 1st early retrun: returns\n")),
              HasSubstr("an operation that there is not, \"early retrun\""));
  EXPECT_THAT(Refusal(File("late.script", "root at its 7th early return: returns\n")),
              HasSubstr("did not come to \"root at its 7th early return: returns\""));
  EXPECT_THAT(Refusal(File("cut.token", "TASKLEAK_REPLAY=t1.AA ./test\n")), HasSubstr("cut"));
}

TEST_F(ReadScheduleTest, AnEditedScheduleIsWhatHappens) {
  const auto twice = [] {
    const auto answers = MakeChan<int>();
    for (int i = 0; i < 2; ++i) {
      Go("asker", [=] { answers.Send(i); });
      if (EarlyReturn("out of time")) return;
      answers.Recv();
    }
  };
  const auto replay = [&](const std::string& text) {
    return Replay(twice, ReadSchedule(twice, File("edited.script", text), Quiet()), Quiet());
  };
  const ExploreResult first = replay("root at its 1st early return: returns\n");
  const ExploreResult second = replay("root at its 2nd early return: returns\n");
  ASSERT_TRUE(first.failure.has_value() && second.failure.has_value());
  EXPECT_EQ(first.failure->leaked.front().id, 2u);
  EXPECT_EQ(second.failure->leaked.front().id, 3u);
  EXPECT_FALSE(replay("# nothing\n").failure.has_value());
}

// What a body allows may come even when all its tasks wait: for a timer, or for nothing more.
TEST_F(ReadScheduleTest, AFaultMayComeWhenNothingElseCanMove) {
  std::int64_t woken = 0;
  const auto waits = [&woken] {
    auto [ctx, cancel] = WithCancel(Background());
    MayCancel(cancel);
    Go("waiter", [&woken, ctx = ctx] {
      Select(OnRecv(ctx.Done()), OnAfter(std::chrono::hours(1)));
      woken = Now().time_since_epoch().count();
      ctx.Done().Recv();
    });
  };
  const auto replay = [&](const std::string& text) {
    ExploreOptions options = Quiet();
    options.faults &= ~kEarlyTimers;
    return Replay(waits, ReadSchedule(waits, File("fault.script", text), options), options);
  };
  // Canonically an hour passes, and nobody cancels.
  EXPECT_TRUE(replay("without early timers").failure.has_value());
  EXPECT_GT(woken, 0);
  // At its second decision all wait for the hour to pass.
  const ExploreResult in_time = replay(
      "without early timers\nwaiter at its 1st select, 2nd decision: fault 1 of root happens");
  EXPECT_EQ(woken, 0);
  EXPECT_FALSE(in_time.failure.has_value()) << in_time.failure->Text();
  // And when it has passed, for ever.
  const ExploreResult at_last = replay(
      "without early timers\nwaiter at its 1st receive, 2nd decision: fault 1 of root happens");
  EXPECT_FALSE(at_last.failure.has_value()) << at_last.failure->Text();
  EXPECT_GT(woken, 0);
}

}  // namespace
