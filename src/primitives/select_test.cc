// Select and Selector.
#include "taskleak/select.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "src/runtime/testing.h"
#include "taskleak/task.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Chan;
using taskleak::ClosedChannelError;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Now;
using taskleak::OnAfter;
using taskleak::OnDefault;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::RecvChan;
using taskleak::Select;
using taskleak::SendChan;
using taskleak::TaskId;
using taskleak::TimePoint;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectPanic;
using taskleak::internal::ExpectRootBlockedIn;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
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

class SelectTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(SelectTest);

TEST_P(SelectTest, WithoutAnyCaseBlocksForEver) {
  const TestRun run = RunOnce([] {
    Select();
    ADD_FAILURE() << "came back";
  });
  ExpectRootBlockedIn(run, "select");
  EXPECT_TRUE(run.left.at(0).objects.empty());
}

TEST_P(SelectTest, OnNilChannelsAloneBlocksForEver) {
  const TestRun run = RunOnce([] {
    Select(OnRecv(Chan<int>()), OnSend(Chan<int>(), 1));
    ADD_FAILURE() << "came back";
  });
  ExpectRootBlockedIn(run, "select");
  ASSERT_EQ(run.left.at(0).objects.size(), 2u);
  EXPECT_TRUE(run.left[0].objects[0].nil && run.left[0].objects[1].nil);
}

TEST_P(SelectTest, ABlockedOneNamesItsCasesInOrder) {
  std::uint32_t line = 0;
  const TestRun run = RunOnce([&line] {
    const auto a = MakeChan<int>();
    const auto b = MakeChan<int>();
    Go("stuck", [=, &line] {
      line = __LINE__ + 1;
      Select(OnRecv(b), OnRecv(Chan<int>()), OnSend(a, 1));
    });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "stuck");
  EXPECT_EQ(run.left[0].blocked_at.line, line);
  ASSERT_EQ(run.left[0].objects.size(), 3u);
  EXPECT_EQ(run.left[0].objects[0].id, 2u);
  EXPECT_TRUE(run.left[0].objects[1].nil);
  EXPECT_EQ(run.left[0].objects[2].id, 1u);
}

TEST_P(SelectTest, IgnoresNilChannels) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    const Chan<int> nil;
    EXPECT_EQ(Select(OnRecv(nil), OnSend(nil, 1), OnSend(ch, 2)), 2u);
    EXPECT_EQ(Select(OnRecv(nil), OnRecv(ch)), 1u);
    EXPECT_EQ(Select(OnRecv(nil), OnDefault()), 1u);
  }));
}

TEST_P(SelectTest, DefaultRunsWhenNothingIsReady) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    int defaults = 0;
    EXPECT_EQ(Select(OnRecv(ch), OnDefault([&] { ++defaults; })), 1u);
    EXPECT_EQ(defaults, 1);
    EXPECT_EQ(Select(OnDefault([&] { ++defaults; }), OnSend(ch, 1)), 1u);
    EXPECT_EQ(defaults, 1);
    EXPECT_EQ(Select(OnDefault()), 0u);
  }));
}

TEST_P(SelectTest, TwoDefaultsPanic) {
  ExpectPanic(RunOnce([] { Select(OnDefault(), OnDefault()); }), "multiple defaults in select");
}

// Among several ready cases every one is chosen by some schedule, and natively by chance; the
// canonical schedule takes the first.
TEST_P(SelectTest, PicksAmongTheReadyOnesByDecision) {
  std::set<std::size_t> chosen;
  for (std::uint64_t seed = 0; seed <= 60; ++seed) {
    ExpectClean(RunOnce(
        [&] {
          const auto full = MakeChan<int>(1);
          const auto room = MakeChan<int>(1);
          const auto closed = MakeChan<int>();
          const auto empty = MakeChan<int>();
          full.Send(1);
          closed.Close();
          const std::size_t i =
              Select(OnRecv(empty), OnRecv(full), OnSend(room, 1), OnRecv(closed), OnSend(full, 2));
          if (seed == 0 && !native()) {
            EXPECT_EQ(i, 1u);
          }
          EXPECT_EQ(full.Len(), i == 1 ? 0u : 1u) << "only the chosen case happens";
          EXPECT_EQ(room.Len(), i == 2 ? 1u : 0u);
          chosen.insert(i);
        },
        seed));
  }
  EXPECT_EQ(chosen, (std::set<std::size_t>{1, 2, 3}));
}

TEST_P(SelectTest, IsWokenByWhoeverComesFirst) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    ExpectClean(RunOnce(
        [] {
          const auto a = MakeChan<int>();
          const auto b = MakeChan<int>();
          std::size_t chosen = 9;
          const TaskId task = Go([&, a, b] { chosen = Select(OnRecv(a), OnSend(b, 6)); });
          AwaitBlocked(task);
          EXPECT_EQ(b.Recv(), 6);
          EXPECT_FALSE(a.TrySend(1))
              << "the select is served and waits at no other channel any more";
          AwaitEnd(task);
          EXPECT_EQ(chosen, 1u);
        },
        seed));
  }
}

TEST_P(SelectTest, ASendOnAClosedChannelPanicsOnlyWhenChosen) {
  int panicked = 0;
  int received = 0;
  for (std::uint64_t seed = 0; seed <= 30; ++seed) {
    const TestRun run = RunOnce(
        [&] {
          const auto ready = MakeChan<int>(1);
          const auto closed = MakeChan<int>();
          ready.Send(1);
          closed.Close();
          Select(OnRecv(ready), OnSend(closed, 1));
          ++received;
        },
        seed);
    if (run.result.end == RunEnd::kPanic) ++panicked;
    if (seed == 0 && !native()) {
      EXPECT_EQ(received, 1) << "canonically the first";
    }
  }
  EXPECT_GT(panicked, 0);
  EXPECT_GT(received, 0);
  EXPECT_EQ(panicked + received, 31);
}

TEST_P(SelectTest, AWaitingSendPanicsWhenItsChannelIsClosed) {
  ExpectClean(RunOnce([] {
    const auto a = MakeChan<int>();
    const auto b = MakeChan<int>();
    AwaitBlocked(Go([a, b] { EXPECT_THROW(Select(OnRecv(a), OnSend(b, 1)), ClosedChannelError); }));
    b.Close();
  }));
}

TEST_P(SelectTest, AWaitingReceiveIsWokenByClose) {
  ExpectClean(RunOnce([] {
    const auto a = MakeChan<int>();
    AwaitBlocked(Go([a] {
      std::optional<int> got = 3;
      EXPECT_EQ(Select(OnRecv(a, got), OnRecv(Chan<int>())), 0u);
      EXPECT_EQ(got, std::nullopt);
    }));
    a.Close();
  }));
}

TEST_P(SelectTest, AMoveOnlyValueStaysWithItsOwnerUnlessChosen) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::unique_ptr<int>>(1);
    auto value = std::make_unique<int>(4);
    EXPECT_EQ(Select(OnDefault(), OnSend(Chan<std::unique_ptr<int>>(), std::move(value))), 0u);
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(Select(OnDefault(), OnSend(ch, std::move(value))), 1u);
    EXPECT_EQ(value, nullptr);
    EXPECT_EQ(**ch.Recv(), 4);
  }));
}

TEST_P(SelectTest, AValueWhoseMoveMayThrowStaysWithItsOwnerUnlessChosen) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<Boxed>(1);
    Boxed value(4);
    EXPECT_EQ(Select(OnDefault([&] {
                       // NOLINTNEXTLINE(bugprone-use-after-move): it was not sent.
                       EXPECT_EQ(value.value, 4) << "the owner keeps it, the handler sees it";
                     }),
                     OnSend(Chan<Boxed>(), std::move(value))),
              0u);
    // NOLINTNEXTLINE(bugprone-use-after-move): it was not sent, so it is still the owner's.
    EXPECT_EQ(value.value, 4);
    EXPECT_EQ(Select(OnDefault(), OnSend(ch, std::move(value))), 1u);
    EXPECT_EQ(ch.Recv()->value, 4);
  }));
}

TEST_P(SelectTest, AMoveOnlyValueIsTakenFromAWaitingSelect) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::unique_ptr<int>>();
    const auto other = MakeChan<std::unique_ptr<int>>();
    auto value = std::make_unique<int>(4);
    auto stays = std::make_unique<int>(5);
    bool done = false;
    const TaskId task = Go([&] {
      Select(OnSend(other, std::move(stays)), OnSend(ch, std::move(value), [&] { done = true; }));
    });
    AwaitBlocked(task);
    EXPECT_EQ(**ch.Recv(), 4);
    AwaitEnd(task);
    EXPECT_TRUE(done);
    EXPECT_EQ(value, nullptr);
    EXPECT_NE(stays, nullptr);
  }));
}

TEST_P(SelectTest, AnLvalueIsCopied) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::string>(2);
    std::string word = "a word that is too long to be stored in place";
    const std::string constant = "c";
    EXPECT_EQ(Select(OnSend(ch, word)), 0u);
    EXPECT_EQ(Select(OnSend(ch, constant)), 0u);
    EXPECT_EQ(word, "a word that is too long to be stored in place");
    EXPECT_EQ(ch.Recv(), word);
    EXPECT_EQ(ch.Recv(), "c");
  }));
}

TEST_P(SelectTest, HandlersOfAllForms) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(8);
    for (int i = 1; i <= 7; ++i) ch.Send(i);
    int seen = 0;
    Select(OnRecv(ch, [&](std::optional<int> v) { seen = *v; }));
    EXPECT_EQ(seen, 1);
    Select(OnRecv(ch, [&] { seen = 20; }));
    EXPECT_EQ(seen, 20);
    Select(OnRecv(ch));
    std::optional<int> out;
    Select(OnRecv(ch, out));
    EXPECT_EQ(out, 4);
    Select(OnRecv(
        ch, [&, owned = std::make_unique<int>(1)](std::optional<int> v) { seen = *v + *owned; }));
    EXPECT_EQ(seen, 6);
    const std::function<void(std::optional<int>)> named = [&](std::optional<int> v) { seen = *v; };
    Select(OnRecv(ch, named));
    EXPECT_EQ(seen, 6);
    Select(OnRecv(ch, [&](auto v) { seen = *v; }));
    EXPECT_EQ(seen, 7);
    Select(OnSend(ch, 9, [&, owned = std::make_unique<int>(1)] { seen = 30 + *owned; }));
    EXPECT_EQ(seen, 31);
  }));
}

TEST_P(SelectTest, AHandlersExceptionPassesAfterTheCommit) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    const auto thrower = [](auto&&...) { throw std::runtime_error("handler"); };
    EXPECT_THROW(Select(OnSend(ch, 1, thrower)), std::runtime_error);
    EXPECT_EQ(ch.Len(), 1u) << "the value was sent before the handler ran";
    EXPECT_THROW(Select(OnRecv(ch, thrower)), std::runtime_error);
    EXPECT_EQ(ch.Len(), 0u);
    EXPECT_EQ(Select(OnSend(ch, 2)), 0u) << "nothing is held over";
  }));
}

TEST_P(SelectTest, AHandlerMayBlock) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    const auto inner = MakeChan<int>();
    ch.Send(1);
    Go([=] { inner.Send(2); });
    int got = 0;
    Select(OnRecv(ch, [&] { Select(OnRecv(inner, [&](std::optional<int> v) { got = *v; })); }));
    EXPECT_EQ(got, 2);
  }));
}

TEST_P(SelectTest, TheSameChannelTwiceIsTwoCases) {
  std::set<std::size_t> chosen;
  for (std::uint64_t seed = 0; seed <= 30; ++seed) {
    ExpectClean(RunOnce(
        [&] {
          const auto ch = MakeChan<int>();
          AwaitBlocked(Go([ch] { ch.Send(1); }));
          chosen.insert(Select(OnRecv(ch), OnRecv(ch)));
          AwaitBlocked(Go([ch] { EXPECT_LT(Select(OnRecv(ch), OnRecv(ch)), 2u); }));
          ch.Send(2);
          EXPECT_FALSE(ch.TrySend(3)) << "one select takes one value";
        },
        seed));
  }
  EXPECT_EQ(chosen, (std::set<std::size_t>{0, 1}));
}

// Go's specification: if several communications can proceed, one is chosen at random. When a sender
// comes to a select that waits twice at its channel, both can.
// On the simulator: which one is its schedule's to choose.
TEST(Select, WaitingTwiceAtOneEndOfAChannelEitherIsServed) {
  const auto run = [](std::uint64_t seed, std::size_t* chosen) {
    ExpectClean(taskleak::internal::RunOnce(
        [chosen] {
          const Chan<int> other = MakeChan<int>();
          const Chan<int> channel = MakeChan<int>();
          const TaskId id = Go([other, channel, chosen] {
            *chosen = Select(OnRecv(other), OnRecv(channel), OnSend(channel, 1), OnRecv(channel),
                             OnSend(other, 2));
          });
          AwaitBlocked(id);
          channel.Send(3);
        },
        seed));
  };
  std::size_t chosen = 0;
  run(0, &chosen);
  EXPECT_EQ(chosen, 1u) << "canonically the first";
  std::set<std::size_t> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    run(seed, &chosen);
    seen.insert(chosen);
  }
  EXPECT_EQ(seen, (std::set<std::size_t>{1, 3}));
}

TEST_P(SelectTest, DoesNotMeetItself) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>();
    Select(OnSend(ch, 1), OnRecv(ch));
    ADD_FAILURE() << "it sent to itself";
  });
  ExpectRootBlockedIn(run, "select");
}

TEST_P(SelectTest, TwoThatSendAndReceiveOnOneChannelMeet) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    ExpectClean(RunOnce(
        [seed] {
          const auto ch = MakeChan<int>();
          const auto chosen = MakeChan<std::size_t>(2);
          for (int i = 0; i < 2; ++i) Go([=] { chosen.Send(Select(OnSend(ch, 1), OnRecv(ch))); });
          EXPECT_EQ(*chosen.Recv() + *chosen.Recv(), 1u) << "one of each, seed " << seed;
        },
        seed));
  }
}

TEST_P(SelectTest, OnAfterWaitsInVirtualTime) {
  const TestRun run = RunOnce([] {
    std::optional<TimePoint> fired;
    EXPECT_EQ(Select(OnRecv(MakeChan<int>()),
                     OnAfter(2s, [&](std::optional<TimePoint> at) { fired = at; })),
              1u);
    EXPECT_EQ(fired, TimePoint(2s));
    EXPECT_EQ(Now(), TimePoint(2s));
    EXPECT_EQ(Select(OnAfter(3s), OnAfter(1s)), 1u);
  });
  ExpectClean(run);
  EXPECT_EQ(run.result.time, taskleak::Duration(3s).count());
}

TEST_P(SelectTest, TwentyCases) {
  ExpectClean(RunOnce([] {
    Chan<int> c[20];
    for (Chan<int>& ch : c) ch = MakeChan<int>();
    std::size_t chosen = 99;
    const auto select = [&] {
      chosen = Select(OnRecv(c[0]), OnRecv(c[1]), OnRecv(c[2]), OnRecv(c[3]), OnRecv(c[4]),
                      OnRecv(c[5]), OnRecv(c[6]), OnRecv(c[7]), OnRecv(c[8]), OnRecv(c[9]),
                      OnRecv(c[10]), OnRecv(c[11]), OnRecv(c[12]), OnRecv(c[13]), OnRecv(c[14]),
                      OnRecv(c[15]), OnRecv(c[16]), OnRecv(c[17]), OnRecv(c[18]), OnRecv(c[19]));
    };
    const TaskId task = Go(select);
    AwaitBlocked(task);
    c[17].Send(1);
    for (const Chan<int>& ch : c) EXPECT_FALSE(ch.TrySend(1));
    AwaitEnd(task);
    EXPECT_EQ(chosen, 17u);
    AwaitBlocked(Go([last = c[19]] { last.Send(1); }));
    select();
    EXPECT_EQ(chosen, 19u);
  }));
}

TEST_P(SelectTest, TakesViews) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    const SendChan<int> in = ch;
    const RecvChan<int> out = ch;
    EXPECT_EQ(Select(OnSend(in, 3)), 0u);
    std::optional<int> got;
    EXPECT_EQ(Select(OnRecv(out, got)), 0u);
    EXPECT_EQ(got, 3);
  }));
}

}  // namespace
