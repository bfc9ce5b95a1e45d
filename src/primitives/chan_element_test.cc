// What travels through channels: elements of all kinds arrive whole, and none is lost, doubled or
// left alive.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "src/runtime/testing.h"
#include "taskleak/chan.h"
#include "taskleak/select.h"
#include "taskleak/task.h"

// NOLINTBEGIN(bugprone-use-after-move): that a value which was not sent is still its owner's is
// what is tested.
namespace {

using taskleak::Chan;
using taskleak::ClosedChannelError;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::OnDefault;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::Select;
using taskleak::TaskId;
using taskleak::Yield;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::IsBlocked;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
using taskleak::internal::TestRun;

// Counts itself: none may be left when a run is over.
struct Counted {
  explicit Counted(int value) : value(value) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
  int value;
  static inline std::atomic<int> alive = 0;  // Of all tasks, which nothing orders.
};

// Its copies and moves throw on demand; where moving may throw, what travels is a box.
template <bool kMoveIsSafe>
struct Explosive {
  explicit Explosive(int value) : value(value) { ++alive; }
  Explosive(const Explosive& other) : value(other.value) {
    if (armed_copies) throw std::runtime_error("copy");
    ++alive;
  }
  Explosive(Explosive&& other) noexcept(kMoveIsSafe) : value(other.value) {
    MayExplode();
    other.value = -1;
    ++moves;
    ++alive;
  }
  Explosive& operator=(const Explosive&) = default;
  Explosive& operator=(Explosive&& other) noexcept(kMoveIsSafe) {
    MayExplode();
    value = std::exchange(other.value, -1);
    ++moves;
    return *this;
  }
  ~Explosive() { --alive; }
  static void MayExplode() {
    if constexpr (!kMoveIsSafe) {
      if (armed_moves) throw std::runtime_error("move");
    }
  }
  int value;
  static inline bool armed_copies = false;
  static inline bool armed_moves = false;
  static inline std::atomic<int> moves = 0;
  static inline std::atomic<int> alive = 0;
};
using CopyThrows = Explosive<true>;
using MoveThrows = Explosive<false>;

struct Armed {  // Explodes as long as it lives.
  explicit Armed(bool& flag) : flag(flag) { flag = true; }
  ~Armed() { flag = false; }
  bool& flag;
};

class ChanElement : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ChanElement);

TEST_P(ChanElement, MoveOnlyValuesTravel) {
  ExpectClean(RunOnce([] {
    for (const std::size_t capacity : {0u, 2u}) {
      const auto ch = MakeChan<std::unique_ptr<int>>(capacity);
      Go([ch] {
        for (int i = 0; i < 4; ++i) ch.Send(std::make_unique<int>(i));
        ch.Close();
      });
      int next = 0;
      for (const std::unique_ptr<int>& value : ch) EXPECT_EQ(*value, next++);
      EXPECT_EQ(next, 4);
    }
  }));
}

TEST_P(ChanElement, AFailedTrySendLeavesAMoveOnlyValueAlone) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::unique_ptr<int>>();
    auto value = std::make_unique<int>(3);
    EXPECT_FALSE(ch.TrySend(std::move(value)));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, 3);
    EXPECT_FALSE(Chan<std::unique_ptr<int>>().TrySend(std::move(value)));
    EXPECT_NE(value, nullptr);
    AwaitBlocked(Go([ch] { EXPECT_EQ(**ch.Recv(), 3); }));
    EXPECT_TRUE(ch.TrySend(std::move(value)));
    EXPECT_EQ(value, nullptr);
  }));
}

TEST_P(ChanElement, AFailedTrySendLeavesAValueAloneWhoseMoveThrows) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<MoveThrows>();
    MoveThrows value(3);
    MoveThrows::moves = 0;
    EXPECT_FALSE(ch.TrySend(std::move(value)));
    EXPECT_EQ(value.value, 3);
    EXPECT_EQ(MoveThrows::moves, 0) << "untouched: neither moved away nor moved back";
    ch.Close();
    EXPECT_THROW(ch.TrySend(std::move(value)), ClosedChannelError);
    EXPECT_EQ(value.value, 3);
  }));
  EXPECT_EQ(MoveThrows::alive, 0);
}

TEST_P(ChanElement, WhereMovingMayThrowValuesTravelAllTheSame) {
  ExpectClean(RunOnce([] {
    for (const std::size_t capacity : {0u, 2u}) {
      const auto ch = MakeChan<MoveThrows>(capacity);
      Go([ch] {
        for (int i = 0; i < 4; ++i) ch.Send(MoveThrows(i));
        ch.Close();
      });
      int next = 0;
      for (const MoveThrows& value : ch) EXPECT_EQ(value.value, next++);
      EXPECT_EQ(next, 4);
    }
  }));
  EXPECT_EQ(MoveThrows::alive, 0);
}

TEST_P(ChanElement, ACopyThatThrowsIsTheSendersOwnAffair) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<CopyThrows>();
    int got = 0;
    const TaskId receiver = Go([ch, &got] { got = ch.Recv()->value; });
    AwaitBlocked(receiver);
    const CopyThrows value(5);
    {
      const Armed armed(CopyThrows::armed_copies);
      EXPECT_THROW(ch.Send(value), std::runtime_error);
      EXPECT_THROW(ch.TrySend(value), std::runtime_error);
      EXPECT_THROW(Select(OnSend(ch, value), OnDefault()), std::runtime_error);
    }
    for (int i = 0; i < 10; ++i) Yield();
    EXPECT_TRUE(IsBlocked(receiver)) << "nobody is woken by a send that did not happen";
    ch.Send(value);
    AwaitEnd(receiver);
    EXPECT_EQ(got, 5);
  }));
  EXPECT_EQ(CopyThrows::alive, 0);
}

TEST_P(ChanElement, AMoveThatThrowsIsTheSendersOwnAffair) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<MoveThrows>();
    int got = 0;
    const TaskId receiver = Go([ch, &got] { got = ch.Recv()->value; });
    AwaitBlocked(receiver);
    MoveThrows value(5);
    {
      const Armed armed(MoveThrows::armed_moves);
      EXPECT_THROW(ch.Send(std::move(value)), std::runtime_error);
      EXPECT_THROW(ch.TrySend(std::move(value)), std::runtime_error);
    }
    for (int i = 0; i < 10; ++i) Yield();
    EXPECT_TRUE(IsBlocked(receiver));
    EXPECT_EQ(value.value, 5);
    ch.Send(std::move(value));
    AwaitEnd(receiver);
    EXPECT_EQ(got, 5);
  }));
  EXPECT_EQ(MoveThrows::alive, 0);
}

TEST_P(ChanElement, ABufferIsNotDisturbedByACopyThatThrows) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<CopyThrows>(2);
    ch.Send(CopyThrows(1));
    const CopyThrows value(2);
    {
      const Armed armed(CopyThrows::armed_copies);
      EXPECT_THROW(ch.Send(value), std::runtime_error);
    }
    EXPECT_EQ(ch.Len(), 1u);
    EXPECT_EQ(ch.Recv()->value, 1);
  }));
  EXPECT_EQ(CopyThrows::alive, 0);
}

TEST_P(ChanElement, LargeElements) {
  struct Large {
    std::array<std::uint32_t, 4096> words;  // 16 KiB
  };
  ExpectClean(RunOnce([] {
    for (const std::size_t capacity : {0u, 3u}) {
      const auto ch = MakeChan<Large>(capacity);
      Go([ch] {
        Large large;
        for (std::uint32_t i = 0; i < 4; ++i) {
          large.words.fill(i);
          ch.Send(large);
        }
        ch.Close();
      });
      std::uint32_t next = 0;
      for (const Large& large : ch) {
        EXPECT_EQ(large.words.front(), next);
        EXPECT_EQ(large.words.back(), next++);
      }
      EXPECT_EQ(next, 4u);
    }
  }));
}

TEST_P(ChanElement, OverAlignedElements) {
  struct alignas(128) Aligned {
    explicit Aligned(int value) : value(value) { Check(); }
    Aligned(const Aligned& other) noexcept : value(other.value) { Check(); }
    void Check() const { EXPECT_EQ(reinterpret_cast<std::uintptr_t>(this) % 128, 0u); }
    int value;
  };
  ExpectClean(RunOnce([] {
    for (const std::size_t capacity : {0u, 3u}) {
      const auto ch = MakeChan<Aligned>(capacity);
      Go([ch, captured = Aligned(7)] {
        captured.Check();
        for (int i = 0; i < 4; ++i) ch.Send(Aligned(i));
        ch.Close();
      });
      int next = 0;
      for (const Aligned& aligned : ch) EXPECT_EQ(aligned.value, next++);
      EXPECT_EQ(next, 4);
    }
  }));
}

TEST_P(ChanElement, ChannelsOfChannels) {
  ExpectClean(RunOnce([] {
    const auto requests = MakeChan<Chan<int>>();
    Go([requests] {
      int n = 0;
      for (const Chan<int>& reply : requests) reply.Send(++n);
    });
    for (int i = 1; i <= 3; ++i) {
      const auto reply = MakeChan<int>();
      requests.Send(reply);
      EXPECT_EQ(reply.Recv(), i);
    }
    requests.Close();
  }));
}

TEST_P(ChanElement, OptionalsAreElementsLikeOthers) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::optional<int>>(2);
    ch.Send(std::nullopt);
    ch.Send(4);
    ch.Close();
    const auto first = ch.Recv();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(*first, std::nullopt);
    std::optional<std::optional<int>> second;
    EXPECT_EQ(Select(OnRecv(ch, second)), 0u);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(*second, 4);
    EXPECT_FALSE(ch.Recv().has_value());
  }));
}

TEST_P(ChanElement, WhatLiesInABufferDiesWithTheChannel) {
  ExpectClean(RunOnce([] {
    {
      const auto ch = MakeChan<Counted>(4);
      for (int i = 0; i < 3; ++i) ch.Send(Counted(i));
      static_cast<void>(ch.Recv());  // So that what is left does not begin at the first slot.
      EXPECT_EQ(Counted::alive, 2);
    }
    EXPECT_EQ(Counted::alive, 0);
  }));
}

TEST_P(ChanElement, WhatLeakedTasksWereAboutToSendDies) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    const TestRun run = RunOnce(
        [] {
          const auto ch = MakeChan<Counted>(1);
          const auto boxed = MakeChan<MoveThrows>(1);
          for (int i = 0; i < 3; ++i) {
            Go([ch, i] { ch.Send(Counted(i)); });
            Go([boxed, i] { boxed.Send(MoveThrows(i)); });
            Go([ch, kept = Counted(i)] { Select(OnSend(ch, kept)); });
          }
        },
        seed);
    EXPECT_EQ(run.result.end, RunEnd::kLeak);
    EXPECT_EQ(run.left.size(), 7u) << "one of each channel's senders found room";
    EXPECT_EQ(Counted::alive, 0) << "seed " << seed;
    EXPECT_EQ(MoveThrows::alive, 0) << "seed " << seed;
  }
}

struct Letter {
  Chan<Letter> sender;
  Counted counted;
};

TEST_P(ChanElement, AChannelThatHoldsItselfDiesWithTheRun) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<Letter>(1);
    ch.Send({ch, Counted(1)});
  }));
  EXPECT_EQ(Counted::alive, 0);
}

TEST_P(ChanElement, AHandleMayOutliveTheRun) {
  {
    Chan<Counted> kept;
    ExpectClean(RunOnce([&kept] {
      kept = MakeChan<Counted>(1);
      kept.Send(Counted(1));
    }));
  }
  EXPECT_EQ(Counted::alive, 0);
}

// The handle dies between the moment a task begins an operation on it and the moment it does it. A
// parked frame touches only the core, and so must one that waits for its turn. On the simulator
// only, which stops tasks at operations: a thread may still be about to read the handle.
TEST(ChanElementOnTheSimulator, AHandleMayDieWhileATaskStandsBeforeItsOperation) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const TestRun run = taskleak::internal::RunOnce(
        [] {
          auto owner = std::make_unique<Chan<Counted>>(MakeChan<Counted>(4));
          int entered = 0;
          Go([ch = owner.get(), &entered] {
            Counted value(1);
            ++entered;
            ch->Send(std::move(value));
            ++entered;
          });
          while (entered == 0) Yield();
          owner.reset();
          while (entered == 1) Yield();
        },
        seed);
    ExpectClean(run);
    EXPECT_EQ(Counted::alive, 0) << "seed " << seed;
  }
}

}  // namespace
// NOLINTEND(bugprone-use-after-move)
