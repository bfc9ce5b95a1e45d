// What a report says, line by line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "taskleak/explore.h"
#include "taskleak/failure.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Failure Found(const Body& body, std::uint64_t schedules = 1000) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  options.name = "report";
  const ExploreResult result = Explore(body, options);
  if (result.failure.has_value()) return *result.failure;
  ADD_FAILURE() << "nothing was found";
  return {};
}

std::string At(int line) { return "text_test.cc:" + std::to_string(line); }

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The lines of one task's entry: from its title to the empty line.
std::string Entry(const std::string& text, const std::string& title) {
  const std::size_t begin = text.find(title);
  return begin == std::string::npos ? "" : text.substr(begin, text.find("\n\n", begin) - begin);
}

TEST(Report, OfALeakSaysAllThatIsNeeded) {
  int made = 0;
  int blocked = 0;
  int started = 0;
  int received = 0;
  int returned = 0;
  const Failure failure = Found([&] {
    made = __LINE__ + 1;
    const auto ch = MakeChan<int>();
    const auto worker = [&blocked, ch] {
      for (int i = 0; i < 3; ++i) {
        Sleep(500ms);
        blocked = __LINE__ + 1;
        ch.Send(i);
      }
    };
    started = __LINE__ + 1;
    Go("worker-2", worker);
    for (int i = 0; i < 3; ++i) {
      received = __LINE__ + 1;
      static_cast<void>(ch.Recv());
      returned = __LINE__ + 1;
      if (EarlyReturn("first error")) return;
    }
  });
  const std::string text = failure.Text();
  const std::vector<std::string> lines = Lines(text);
  EXPECT_THAT(text, StartsWith("==" + std::to_string(getpid()) +
                               "==ERROR: taskleak: 1 task never ended (schedule " +
                               std::to_string(failure.found_after) +
                               " of 1000, 1 decision; proven: nothing can run)\n"));
  const std::string entry = Entry(text, "Task 2 ");
  EXPECT_THAT(entry, StartsWith("Task 2 \"worker-2\", blocked in chan send for "));
  EXPECT_THAT(entry, HasSubstr("(virtual)\n"));
  EXPECT_THAT(entry, ContainsRegex("    #0 .*[{]lambda[}].* " + At(blocked) + "\n"));
  EXPECT_THAT(entry, HasSubstr("    on channel 1 (unbuffered, made at " + At(made) + "):\n"));
  EXPECT_THAT(entry,
              HasSubstr("no receiver is left; the last to receive was root at " + At(received) +
                        ", which returned at " + At(returned) + " (EarlyReturn \"first error\")"));
  EXPECT_THAT(entry, ContainsRegex("  started by root at\n    #0 .* " + At(started)));
  EXPECT_THAT(
      text, HasSubstr("what the schedule did: root returned early the 1st time it was asked, at " +
                      At(returned) + " (EarlyReturn \"first error\"). Nothing else matters.\n"));
  EXPECT_THAT(text, HasSubstr("minimal: yes"));
  EXPECT_THAT(text, HasSubstr("\nreplay: TASKLEAK_REPLAY=" + failure.schedule.Token() + " "));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), "SUMMARY: taskleak: 1 task blocked in chan send (" + At(blocked) +
                              "), started at " + At(started));
  EXPECT_EQ(failure.Summary(), lines.back());
}

TEST(Report, OfAFairRunSaysSo) {
  const Failure failure = Found([] { Go([] { Select(); }); });
  EXPECT_THAT(failure.Text(),
              HasSubstr("what the schedule did: nothing. The canonical run shows it by itself.\n"));
  EXPECT_THAT(failure.Text(), HasSubstr("0 decisions"));
  EXPECT_THAT(failure.Text(), HasSubstr("with no case at all, which blocks for ever\n"));
}

TEST(Report, SaysHowLongInVirtualTime) {
  const Failure failure = Found([] {
    Go("stuck", [] {
      Sleep(1s);
      Select();
    });
    Sleep(3500ms);
  });
  EXPECT_THAT(failure.Text(), HasSubstr("blocked in select for 2.5s (virtual)"));
}

TEST(Report, OfAThousandIsOneEntryWithACount) {
  int blocked = 0;
  int started = 0;
  const Failure failure = Found(
      [&] {
        const auto ch = MakeChan<int>();
        const auto handler = [&blocked, ch] {
          blocked = __LINE__ + 1;
          ch.Send(1);
        };
        for (int i = 0; i < 1000; ++i) {
          started = __LINE__ + 1;
          Go("handler", handler);
        }
      },
      10);
  const std::string text = failure.Text();
  EXPECT_EQ(failure.leaked.size(), 1000u);
  EXPECT_THAT(text, HasSubstr("ERROR: taskleak: 1000 tasks never ended"));
  EXPECT_THAT(
      text,
      ContainsRegex(
          "\n1000 tasks, blocked in chan send for .*: handler \\(task 2\\), handler \\(task 3\\)"));
  EXPECT_THAT(text, HasSubstr("and 992 more\n"));
  EXPECT_LT(Lines(text).size(), 25u) << text;
  EXPECT_EQ(failure.Summary(), "SUMMARY: taskleak: 1000 tasks blocked in chan send (" +
                                   At(blocked) + "), started at " + At(started));
}

TEST(Report, PutsTheMostTellingGroupFirst) {
  const Failure failure = Found([] {
    const auto results = MakeChan<int>();
    const auto all = std::make_shared<WaitGroup>();
    all->Add(2);
    const auto closer = [=] {
      all->Wait();
      results.Close();
    };
    const auto worker = [=] {
      results.Send(1);
      all->Done();
    };
    Go("closer", closer);
    for (int i = 0; i < 2; ++i) Go("worker", worker);
  });
  const std::string text = failure.Text();
  const std::size_t workers = text.find("2 tasks, blocked in chan send");
  const std::size_t closer = text.find("\"closer\", blocked in waitgroup wait");
  ASSERT_NE(workers, std::string::npos) << text;
  ASSERT_NE(closer, std::string::npos) << text;
  EXPECT_LT(workers, closer) << "the one that waits for the others comes behind them";
  EXPECT_THAT(failure.Summary(), ContainsRegex("2 tasks blocked in chan send .* and 1 more"));
  EXPECT_THAT(text, HasSubstr("count 2, made at text_test.cc:"));
}

TEST(Report, OfANilChannel) {
  const Failure failure = Found([] { Go("stuck", [] { static_cast<void>(Chan<int>().Recv()); }); });
  EXPECT_THAT(Entry(failure.Text(), "Task 2"),
              HasSubstr("    on a nil channel, on which every operation blocks for ever\n"));
}

TEST(Report, OfADestroyedLock) {
  int made = 0;
  const Failure failure = Found([&] {
    made = __LINE__ + 1;
    Mutex mutex;
    mutex.Lock();
    Go("waits", [&mutex] { mutex.Lock(); });
    Sleep(1s);
  });
  const std::string entry = Entry(failure.Text(), "Task 2");
  EXPECT_THAT(entry, HasSubstr("on mutex 1 (made at " + At(made) +
                               "), destroyed while tasks waited on it:"));
  EXPECT_THAT(entry, HasSubstr("the last to lock was root at "));
}

TEST(Report, OfALockItHoldsItself) {
  int first = 0;
  const Failure failure = Found([&] {
    Mutex mutex;
    first = __LINE__ + 1;
    mutex.Lock();
    mutex.Lock();
  });
  EXPECT_EQ(failure.kind, FailureKind::kDeadlock);
  EXPECT_THAT(failure.Text(),
              HasSubstr("ERROR: taskleak: deadlock: root cannot go on; 1 task never ended"));
  EXPECT_THAT(failure.Text(), HasSubstr("the last to lock was this task itself, at " + At(first)));
  EXPECT_THAT(failure.Text(), Not(HasSubstr("started by"))) << "nobody started root";
}

TEST(Report, OfASelectListsItsCases) {
  int jobs = 0;
  int results = 0;
  const Failure failure = Found([&] {
    jobs = __LINE__ + 1;
    const auto in = MakeChan<int>(2);
    results = __LINE__ + 1;
    const auto out = MakeChan<int>();
    const auto [ctx, cancel] = WithCancel(Background());
    Go("worker", [=, ctx = ctx] {
      Select(OnRecv(in), OnSend(out, 1), OnRecv(Chan<int>()), OnRecv(ctx.Done()));
    });
  });
  const std::string entry = Entry(failure.Text(), "Task 2");
  EXPECT_THAT(entry, HasSubstr("    case 0: channel 1 (0 of 2 buffered, made at " + At(jobs) +
                               "):\n      no sender is left; nobody ever came to send or close\n"));
  EXPECT_THAT(entry, HasSubstr("    case 1: channel 2 (unbuffered, made at " + At(results) +
                               "):\n      no receiver is left; nobody ever came to receive\n"));
  EXPECT_THAT(entry,
              HasSubstr("    case 2: a nil channel, on which every operation blocks for ever\n"));
  EXPECT_THAT(entry, ContainsRegex("    case 3: (context|channel)"));
}

TEST(Report, SaysWhoElseWaitsThereAndWhereTheOtherEndIsNow) {
  int blocked = 0;
  const Failure failure = Found([&] {
    const auto ch = MakeChan<int>();
    Go("reader", [&blocked, ch] {
      static_cast<void>(ch.Recv());
      Mutex mutex;
      mutex.Lock();
      blocked = __LINE__ + 1;
      mutex.Lock();
    });
    ch.Send(0);
    for (const char* name : {"one", "two"}) Go(name, [ch] { ch.Send(1); });
  });
  const std::string text = failure.Text();
  EXPECT_THAT(text, HasSubstr("the last to receive was reader at "));
  EXPECT_THAT(text, HasSubstr(", which is blocked itself, in lock at " + At(blocked)));
  EXPECT_THAT(text, HasSubstr("; waiting there: one, two\n"));
}

TEST(Report, ShowsLabels) {
  const Failure failure = Found([] {
    Go("stuck", [] {
      SetTaskLabel("request", "17");
      Select();
    });
  });
  EXPECT_THAT(failure.Text(), HasSubstr("    label request=17\n"));
}

TEST(Report, TellsEachDecision) {
  int data = 0;
  int asked = 0;
  const Failure failure = Found([&] {
    Go("sender", [&data, &asked] {
      data = __LINE__ + 1;
      if (FuzzInt(0, 100) < 37) return;
      asked = __LINE__ + 1;
      if (!EarlyReturn("late")) return;
      MakeChan<int>().Send(1);
    });
  });
  EXPECT_THAT(failure.Text(),
              HasSubstr("what the schedule did:\n"
                        "  1. sender's 1st fuzz data (" +
                        At(data) +
                        ") gave 37\n"
                        "  2. sender returned early the 1st time it was asked, at " +
                        At(asked) +
                        " (EarlyReturn \"late\")\n"
                        "  Nothing else matters.\n"));
}

TEST(Report, TellsAHold) {
  int line = 0;
  const Failure failure = Found(
      [&] {
        const auto set = std::make_shared<bool>(false);
        Go("slow", [&line, set] {
          line = __LINE__ + 1;
          PreemptionPoint();
          *set = true;
        });
        for (int i = 0; i < 20; ++i) Yield();
        if (!*set) Go("stuck", [] { Select(); });
      },
      20'000);
  EXPECT_EQ(failure.schedule.size(), 1u) << "one hold, not twenty switches: " << failure.Text();
  EXPECT_THAT(
      failure.Text(),
      HasSubstr("what the schedule did: slow was held back from its 1st preemption point on (" +
                At(line) + "), until nothing else could move. Nothing else matters.\n"));
}

TEST(Report, OfAPanicNamesTheTaskAndItsLastOperation) {
  int line = 0;
  const Failure failure = Found([&] {
    const auto ch = MakeChan<int>();
    ch.Close();
    Go("sender", [&line, ch] {
      line = __LINE__ + 1;
      ch.Send(1);
    });
  });
  const std::string text = failure.Text();
  EXPECT_THAT(text, HasSubstr("ERROR: taskleak: panic: send on closed channel ("));
  EXPECT_THAT(text, HasSubstr("Task 2 \"sender\", in chan send\n"));
  EXPECT_THAT(text, ContainsRegex("#0 .* " + At(line)));
  EXPECT_THAT(
      failure.Summary(),
      HasSubstr("panic \"send on closed channel\" in sender after chan send (" + At(line) + ")"));
}

TEST(Report, OfAnExceptionSaysWhatWasThrown) {
  const Failure failure = Found([] { throw std::runtime_error("no such file"); });
  EXPECT_THAT(failure.Text(),
              HasSubstr("ERROR: taskleak: an exception left a task: no such file ("));
}

TEST(Report, OfAnEndlessLoop) {
  ExploreOptions options;
  options.quiet = true;
  options.max_steps = 3000;
  const ExploreResult result = Explore(
      [] {
        Go("loop", [] {
          for (;;) Yield();
        });
      },
      options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_THAT(result.failure->Text(), HasSubstr("it runs on while nothing else changes)"));
  EXPECT_THAT(result.failure->Text(),
              HasSubstr("Task 2 \"loop\", running for ever, last in yield\n"));
  EXPECT_THAT(result.failure->Summary(), HasSubstr("1 task running for ever, last in yield"));
}

TEST(Report, OfNothingIsStillAReport) {
  const Failure failure;
  EXPECT_THAT(failure.Text(), HasSubstr("ERROR: taskleak: 0 tasks never ended"));
  EXPECT_THAT(failure.Summary(), StartsWith("SUMMARY: taskleak: "));
}

}  // namespace
