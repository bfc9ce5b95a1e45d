// What a search finds: every kind of failure beside a twin that holds.
#include "taskleak/explore.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/stack/symbolize.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

#define NOINLINE __attribute__((noinline))

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FormatLocation;
using taskleak::internal::Frame;
using taskleak::internal::Symbolizer;
using taskleak::internal::TrimToUser;

ExploreOptions Quiet(std::uint64_t schedules = 1000) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  return options;
}

void ExpectHolds(const Body& body, const ExploreOptions& options = Quiet()) {
  const ExploreResult result = Explore(body, options);
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
  EXPECT_EQ(result.schedules, options.schedules);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(result.abandoned, 0u);
}

// Found, and found again from its schedule: the same kind, tasks and trace.
Failure ExpectFound(const Body& body, FailureKind kind, const ExploreOptions& options = Quiet()) {
  const ExploreResult result = Explore(body, options);
  if (!result.failure.has_value()) {
    ADD_FAILURE() << "no schedule of " << result.schedules << " showed a " << ToString(kind);
    return {};
  }
  const Failure& failure = *result.failure;
  EXPECT_EQ(failure.kind, kind) << failure.Text();
  EXPECT_EQ(failure.found_after, result.schedules);
  EXPECT_EQ(result.failures.size(), 1u);
  const ExploreResult again = Replay(body, failure.schedule, options);
  EXPECT_EQ(again.schedules, 1u);
  EXPECT_TRUE(again.failure.has_value()) << failure.Text();
  if (again.failure.has_value()) {
    EXPECT_EQ(again.failure->kind, kind);
    EXPECT_EQ(again.failure->trace.hash, failure.trace.hash);
    EXPECT_EQ(again.trace_hash, failure.trace.hash);
  }
  return failure;
}

std::vector<std::string> Names(const Failure& failure) {
  std::vector<std::string> names;
  names.reserve(failure.leaked.size());
  for (const TaskSnapshot& task : failure.leaked) names.push_back(task.name);
  return names;
}
using Strings = std::vector<std::string>;

std::string FirstLine(const std::vector<std::uintptr_t>& stack) {
  const std::vector<Frame> frames = TrimToUser(Symbolizer::Global().SymbolizeStack(stack));
  return frames.empty() ? "no frame" : FormatLocation(frames.front());
}

// ---- The pairs.

void HelperSends(std::size_t capacity) {
  const auto ch = MakeChan<int>(capacity);
  Go("helper", [ch] { ch.Send(1); });
  if (EarlyReturn("first error")) return;
  static_cast<void>(ch.Recv());
}

TEST(Explore, FindsALeak) {
  const Failure failure = ExpectFound([] { HelperSends(0); }, FailureKind::kLeak);
  ASSERT_EQ(Names(failure), Strings{"helper"});
  EXPECT_EQ(failure.leaked[0].operation, "chan send");
  EXPECT_EQ(failure.leaked[0].state, TaskState::kBlocked);
  ASSERT_EQ(failure.leaked[0].objects.size(), 1u);
  EXPECT_EQ(failure.leaked[0].objects[0].kind, "channel");
  ASSERT_EQ(failure.schedule.size(), 1u);
  EXPECT_EQ(failure.schedule.entries()[0].kind, ScheduleEntry::Kind::kEarlyReturn);
  EXPECT_TRUE(failure.minimal);
}

TEST(Explore, IsSilentOnTheFixedTwin) {
  ExpectHolds([] { HelperSends(1); });
}

void TwoLocks(bool same_order) {
  const auto a = std::make_shared<Mutex>();
  const auto b = std::make_shared<Mutex>();
  WaitGroup both;
  both.Go("ab", [=] {
    a->Lock();
    b->Lock();
    b->Unlock();
    a->Unlock();
  });
  both.Go("ba", [=] {
    Mutex& first = same_order ? *a : *b;
    Mutex& second = same_order ? *b : *a;
    first.Lock();
    second.Lock();
    second.Unlock();
    first.Unlock();
  });
  both.Wait();
}

TEST(Explore, FindsADeadlock) {
  const Failure failure = ExpectFound([] { TwoLocks(false); }, FailureKind::kDeadlock);
  EXPECT_EQ(Names(failure), (Strings{"root", "ab", "ba"})) << "root first";
  EXPECT_FALSE(failure.schedule.empty()) << "the fair run does not show it";
}

TEST(Explore, IsSilentWithOneOrderOfLocks) {
  ExpectHolds([] { TwoLocks(true); });
}

int g_panic_line = 0;

NOINLINE void Produces(const Chan<int>& ch) {
  g_panic_line = __LINE__ + 1;
  ch.Send(2);
  __asm__ volatile("");
}

void ClosedByTheReader(bool by_writer) {
  const auto ch = MakeChan<int>(1);
  Go("writer", [=] {
    ch.Send(1);
    Produces(ch);
    if (by_writer) ch.Close();
  });
  while (ch.Recv().has_value()) {
    if (!by_writer) return ch.Close();
  }
}

TEST(Explore, FindsAPanic) {
  const Failure failure = ExpectFound([] { ClosedByTheReader(false); }, FailureKind::kPanic);
  EXPECT_EQ(failure.message, "send on closed channel");
  ASSERT_EQ(Names(failure), Strings{"writer"}) << "the task that panicked, and no other";
  EXPECT_EQ(FirstLine(failure.leaked[0].blocked_stack),
            "explore_test.cc:" + std::to_string(g_panic_line));
  EXPECT_NE(failure.Text().find("explore_test.cc:" + std::to_string(g_panic_line)),
            std::string::npos)
      << failure.Text();
}

TEST(Explore, IsSilentWhenTheWriterCloses) {
  ExpectHolds([] { ClosedByTheReader(true); });
}

TEST(Explore, APanicThatIsCaughtIsNone) {
  ExpectHolds([] {
    const auto ch = MakeChan<int>();
    ch.Close();
    EXPECT_THROW(ch.Send(1), ClosedChannelError);
    EXPECT_THROW(ch.Close(), Panic);
  });
}

void SecondFails(bool caught) {
  Go("thrower", [=] {
    try {
      if (EarlyReturn("fails")) throw std::runtime_error("no such file");
    } catch (const std::exception&) {
      if (!caught) throw;
    }
  });
}

TEST(Explore, FindsAnException) {
  const Failure failure = ExpectFound([] { SecondFails(false); }, FailureKind::kException);
  EXPECT_EQ(failure.message, "no such file");
  EXPECT_EQ(Names(failure), Strings{"thrower"});
  EXPECT_NE(failure.Summary().find("no such file"), std::string::npos) << failure.Summary();
}

TEST(Explore, IsSilentWhenTheExceptionIsCaught) {
  ExpectHolds([] { SecondFails(true); });
}

TEST(Explore, AnExceptionOfRootIsOne) {
  const Failure failure =
      ExpectFound([] { throw std::runtime_error("at once"); }, FailureKind::kException);
  EXPECT_EQ(Names(failure), Strings{"root"});
  EXPECT_EQ(failure.found_after, 1u);
  EXPECT_TRUE(failure.schedule.empty());
  EXPECT_TRUE(failure.minimal);
}

TEST(Explore, AnExceptionThatIsNoStdException) {
  const Failure failure = ExpectFound([] { throw 7; }, FailureKind::kException);
  EXPECT_NE(failure.message.find("no std::exception"), std::string::npos) << failure.message;
}

// ---- Runs that do not end.

ExploreOptions Short(std::uint64_t max_steps = 5000) {
  ExploreOptions options = Quiet(20);
  options.max_steps = max_steps;
  return options;
}

void TickerLoop(bool stopped) {
  auto [ctx, cancel] = WithCancel(Background());
  Go("loop", [=, ctx = ctx] {
    const Ticker ticker = NewTicker(1s);
    while (!stopped || ctx.Err() == ContextError::kNone) {
      if (stopped)
        Select(OnRecv(ticker.C()), OnRecv(ctx.Done()));
      else
        static_cast<void>(ticker.C().Recv());
    }
    ticker.Stop();
  });
  Sleep(10s);
  cancel();
}

TEST(Explore, ALoopThatNobodyStopsIsALeak) {
  const Failure failure = ExpectFound([] { TickerLoop(false); }, FailureKind::kLeak, Short());
  ASSERT_EQ(Names(failure), Strings{"loop"});
  EXPECT_EQ(failure.leaked[0].state, TaskState::kRunningForEver);
  EXPECT_NE(failure.Text().find("running for ever"), std::string::npos) << failure.Text();
}

TEST(Explore, ALoopThatIsStoppedIsNone) {
  ExpectHolds([] { TickerLoop(true); }, Short());
}

TEST(Explore, ATaskThatSpinsIsALeak) {
  const Failure failure = ExpectFound(
      [] {
        Go("spins", [] {
          for (;;) Yield();
        });
      },
      FailureKind::kLeak, Short());
  ASSERT_EQ(Names(failure), Strings{"spins"});
  EXPECT_EQ(failure.leaked[0].state, TaskState::kRunningForEver);
}

void PingPong(int rounds) {
  const auto ping = MakeChan<int>();
  const auto pong = MakeChan<int>();
  Go("ping", [=] {
    for (int i = 0; i != rounds; ++i) {
      ping.Send(i);
      static_cast<void>(pong.Recv());
    }
  });
  Go("pong", [=] {
    for (int i = 0; i != rounds; ++i) pong.Send(ping.Recv().value());
  });
}

TEST(Explore, AnEndlessRunOfTwoReachesTheStepLimit) {
  const Failure failure = ExpectFound([] { PingPong(-1); }, FailureKind::kStepLimit, Short());
  EXPECT_FALSE(failure.leaked.empty());
  EXPECT_NE(failure.Text().find("did not end within 10000 operations"), std::string::npos)
      << failure.Text();
}

TEST(Explore, ALongRunThatEndsIsNone) {
  // Longer than max_steps, but not than what is allowed beyond it.
  ExpectHolds([] { PingPong(1500); }, Short());
}

TEST(Explore, ASuspectIsListedBesideTheLoop) {
  const Failure failure = ExpectFound(
      [] {
        const auto ch = MakeChan<int>();
        Go("loop", [] {
          for (;;) Yield();
        });
        Go("stuck", [ch] { static_cast<void>(ch.Recv()); });
      },
      FailureKind::kLeak, Short());
  ASSERT_EQ(Names(failure), (Strings{"loop", "stuck"}));
  EXPECT_TRUE(failure.leaked[1].suspect);
  EXPECT_NE(failure.Text().find("suspect"), std::string::npos) << failure.Text();
}

// It still has what the blocked task waits for in its hands: it may yet send.
TEST(Explore, OneWhoseChannelIsHandedRoundIsNoSuspect) {
  const Failure failure = ExpectFound(
      [] {
        const auto ch = MakeChan<int>();
        Go("loop", [ch] {
          for (std::vector<Chan<int>> handed;; handed = {ch}) Yield();
        });
        Go("waits", [ch] { static_cast<void>(ch.Recv()); });
      },
      FailureKind::kLeak, Short());
  EXPECT_EQ(Names(failure), Strings{"loop"});
}

TEST(Explore, ASleeperIsNoLeak) {
  ExpectHolds([] { Go([] { Sleep(24h); }); });
}

TEST(Explore, AnEmptyBodyHolds) {
  ExpectHolds([] {});
}

// ---- What a search costs its caller.

// Each run begins anew: ids, time and globals.
TEST(Explore, RunsKnowNothingOfEachOther) {
  static Mutex global;
  static Once once;
  ExpectHolds([] {
    EXPECT_EQ(CurrentTask(), 1u);
    EXPECT_EQ(Now(), TimePoint());
    EXPECT_TRUE(global.TryLock()) << "what a run locked and never unlocked is free in the next";
    bool ran = false;
    once.Do([&ran] { ran = true; });
    EXPECT_TRUE(ran);
    EXPECT_EQ(Go([] {}), 2u);
    Sleep(1s);
  });
}

// After a leak, the tasks that stayed are unwound: their destructors run, and the next search
// starts clean.
TEST(Explore, UnwindsWhatLeaked) {
  auto alive = std::make_shared<int>(0);
  const Body body = [alive] {
    const auto ch = MakeChan<std::shared_ptr<int>>();
    Go([ch, alive] {
      // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): its destructor is the test.
      const std::shared_ptr<int> local = alive;
      ch.Send(local);
    });
  };
  for (int i = 0; i < 3; ++i) {
    const ExploreResult result = Explore(body, Quiet());
    EXPECT_TRUE(result.failure.has_value());
    EXPECT_EQ(result.abandoned, 0u);
    EXPECT_EQ(alive.use_count(), 2) << "ours and the body's";
  }
}

TEST(Explore, AbandonsWhenToldTo) {
  int destroyed = 0;
  struct Guard {
    int& count;
    ~Guard() { ++count; }
  };
  const Body body = [&destroyed] {
    const auto ch = MakeChan<int>();
    for (int i = 0; i < 2; ++i) {
      Go([&destroyed, ch] {
        const Guard guard{destroyed};
        ch.Send(1);
      });
    }
  };
  ExploreOptions options = Quiet();
  options.teardown = Teardown::kAbandon;
  const ExploreResult abandoned = Explore(body, options);
  ASSERT_TRUE(abandoned.failure.has_value());
  EXPECT_EQ(abandoned.abandoned, 2u);
  EXPECT_EQ(abandoned.failure->abandoned, 2u);
  EXPECT_EQ(destroyed, 0);
  EXPECT_NE(abandoned.failure->Text().find("abandoned: 2 tasks"), std::string::npos);
  const ExploreResult unwound = Explore(body, Quiet());
  EXPECT_EQ(unwound.abandoned, 0u);
  EXPECT_GT(destroyed, 0);
}

}  // namespace
