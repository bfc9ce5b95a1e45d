// Channels: the table of the design's section "Semantics", one test for each cell; order, closing,
// trying, views.
#include "taskleak/chan.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/task.h"

namespace {

using taskleak::Chan;
using taskleak::ClosedChannelError;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::TaskId;
using taskleak::Unit;
using taskleak::Yield;
using taskleak::internal::AwaitAlone;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectPanic;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::TestRun;

// And that operation is on a channel.
void ExpectRootBlockedIn(const TestRun& run, std::string_view operation, bool nil) {
  taskleak::internal::ExpectRootBlockedIn(run, operation);
  ASSERT_EQ(run.left.size(), 1u);
  ASSERT_EQ(run.left[0].objects.size(), 1u);
  EXPECT_EQ(run.left[0].objects[0].kind, "channel");
  EXPECT_EQ(run.left[0].objects[0].nil, nil);
}

class ChanTable : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ChanTable);

TEST_P(ChanTable, SendOnNilBlocksForEver) {
  std::uint32_t line = 0;
  const TestRun run = RunOnce([&line] {
    line = __LINE__ + 1;
    Chan<int>().Send(1);
    ADD_FAILURE() << "a send on a nil channel came back";
  });
  ExpectRootBlockedIn(run, "chan send", true);
  EXPECT_EQ(run.left.at(0).blocked_at.line, line);
  EXPECT_STREQ(run.left.at(0).blocked_at.file, __FILE__);
}

TEST_P(ChanTable, SendOnAnOpenChannelThatIsNotReadyBlocks) {
  ExpectRootBlockedIn(RunOnce([] {
                        MakeChan<int>().Send(1);
                        ADD_FAILURE() << "nobody received";
                      }),
                      "chan send", false);
}

TEST_P(ChanTable, SendOnAFullChannelBlocks) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>(2);
    for (int i = 0; i < 3; ++i) ch.Send(i);
    ADD_FAILURE() << "there was no room";
  });
  ExpectRootBlockedIn(run, "chan send", false);
  EXPECT_EQ(run.left.at(0).objects.at(0).capacity, 2u);
  EXPECT_EQ(run.left.at(0).objects.at(0).length, 2u);
}

TEST_P(ChanTable, SendProceedsWhereThereIsRoom) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    ch.Send(1);
    EXPECT_EQ(ch.Len(), 1u);
  }));
}

TEST_P(ChanTable, SendProceedsToAWaitingReceiver) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>();
    int got = 0;
    const TaskId receiver = Go([ch, &got] { got = ch.Recv().value(); });
    AwaitBlocked(receiver);
    ch.Send(7);
    AwaitEnd(receiver);
    EXPECT_EQ(got, 7);
  }));
}

TEST_P(ChanTable, SendOnAClosedChannelPanics) {
  ExpectPanic(RunOnce([] {
                const auto ch = MakeChan<int>(1);
                ch.Close();
                EXPECT_THROW(ch.Send(1), ClosedChannelError);
                ch.Send(1);
              }),
              "send on closed channel");
}

TEST_P(ChanTable, RecvOnNilBlocksForEver) {
  ExpectRootBlockedIn(RunOnce([] {
                        static_cast<void>(Chan<int>().Recv());
                        ADD_FAILURE() << "a receive on a nil channel came back";
                      }),
                      "chan recv", true);
}

TEST_P(ChanTable, RecvOnAnOpenChannelThatIsNotReadyBlocks) {
  ExpectRootBlockedIn(RunOnce([] {
                        static_cast<void>(MakeChan<int>(3).Recv());
                        ADD_FAILURE() << "nobody sent";
                      }),
                      "chan recv", false);
}

TEST_P(ChanTable, RecvTakesWhatIsBuffered) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    ch.Send(5);
    EXPECT_EQ(ch.Recv(), 5);
    EXPECT_EQ(ch.Len(), 0u);
  }));
}

TEST_P(ChanTable, RecvTakesFromAWaitingSender) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>();
    AwaitBlocked(Go([ch] { ch.Send(5); }));
    EXPECT_EQ(ch.Recv(), 5);
  }));
}

TEST_P(ChanTable, RecvOnAClosedChannelDrainsThenSaysSoAtOnce) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(2);
    ch.Send(1);
    ch.Send(2);
    ch.Close();
    EXPECT_EQ(ch.Recv(), 1);
    EXPECT_EQ(ch.Recv(), 2);
    EXPECT_EQ(ch.Recv(), std::nullopt);
    EXPECT_EQ(ch.Recv(), std::nullopt);
  }));
}

TEST_P(ChanTable, CloseOfNilPanics) {
  ExpectPanic(RunOnce([] { Chan<int>().Close(); }), "close of nil channel");
}

TEST_P(ChanTable, CloseWakesAllReceiversWithNothing) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    ExpectClean(RunOnce(
        [] {
          const auto ch = MakeChan<int>();
          for (int i = 0; i < 5; ++i)
            AwaitBlocked(Go([ch] { EXPECT_EQ(ch.Recv(), std::nullopt); }));
          ch.Close();
        },
        seed));
  }
}

TEST_P(ChanTable, CloseMakesAllBlockedSendersPanic) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    ExpectClean(RunOnce(
        [] {
          const auto ch = MakeChan<int>(1);
          ch.Send(0);
          for (int i = 1; i <= 5; ++i)
            AwaitBlocked(Go([ch, i] { EXPECT_THROW(ch.Send(i), ClosedChannelError); }));
          ch.Close();
          AwaitAlone();
          EXPECT_EQ(ch.Recv(), 0) << "what was buffered before the close is still received";
          EXPECT_EQ(ch.Recv(), std::nullopt) << "what was never sent is not";
        },
        seed));
  }
}

TEST_P(ChanTable, ASenderThatPanicsOnCloseFailsTheRun) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>();
    AwaitBlocked(Go("sender", [ch] { ch.Send(1); }));
    ch.Close();
    Yield();
    // Natively a panic stops the others as little as it stops their threads.
    if (!native()) ADD_FAILURE() << "the run should have ended";
  });
  ExpectPanic(run, "send on closed channel");
  EXPECT_EQ(run.result.failed_task, 2u);
}

TEST_P(ChanTable, CloseOfAReadyChannelKeepsWhatIsBuffered) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(4);
    ch.Send(1);
    ch.Close();
    EXPECT_EQ(ch.Len(), 1u);
  }));
}

TEST_P(ChanTable, CloseOfAClosedChannelPanics) {
  ExpectPanic(RunOnce([] {
                const auto ch = MakeChan<int>();
                ch.Close();
                ch.Close();
              }),
              "close of closed channel");
}

class ChanOrder : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ChanOrder);

TEST_P(ChanOrder, ReceiversAreServedFirstInFirstOut) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::vector<int> got(6, -1);
    ExpectClean(RunOnce(
        [&got] {
          const auto ch = MakeChan<int>();
          for (int& into : got) AwaitBlocked(Go([ch, &into] { into = ch.Recv().value(); }));
          for (std::size_t i = 0; i < got.size(); ++i) ch.Send(static_cast<int>(i));
        },
        seed));
    EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5})) << "seed " << seed;
  }
}

TEST_P(ChanOrder, SendersAreServedFirstInFirstOutBehindTheBuffer) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    std::vector<int> got;
    ExpectClean(RunOnce(
        [&got] {
          const auto ch = MakeChan<int>(2);
          ch.Send(0);
          ch.Send(1);
          for (int i = 2; i < 6; ++i) AwaitBlocked(Go([ch, i] { ch.Send(i); }));
          for (int i = 0; i < 6; ++i) got.push_back(ch.Recv().value());
        },
        seed));
    EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5})) << "seed " << seed;
  }
}

TEST_P(ChanOrder, ABufferKeepsItsOrderRoundAndRound) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(3);
    int sent = 0;
    int received = 0;
    for (int round = 0; round < 10; ++round) {
      while (ch.Len() < ch.Cap()) ch.Send(sent++);
      EXPECT_EQ(ch.Recv(), received++);
      EXPECT_EQ(ch.Recv(), received++);
    }
    EXPECT_EQ(sent, received + 1);
  }));
}

// Every message of every sender arrives once, in its sender's order, under any schedule.
TEST_P(ChanOrder, NothingIsLostDoubledOrOvertaken) {
  for (std::uint64_t seed = 0; seed <= Seeds(100); ++seed) {
    for (const std::size_t capacity : {0u, 1u, 3u}) {
      std::vector<int> next(3, 0);
      ExpectClean(RunOnce(
          [&next, capacity] {
            const auto ch = MakeChan<std::pair<std::size_t, int>>(capacity);
            const auto done = MakeChan<Unit>();
            for (std::size_t sender = 0; sender < 3; ++sender) {
              Go([=] {
                for (int i = 0; i < 4; ++i) ch.Send({sender, i});
                done.Send({});
              });
            }
            Go([=] {
              for (int i = 0; i < 3; ++i) static_cast<void>(done.Recv());
              ch.Close();
            });
            for (const auto& [sender, i] : ch) EXPECT_EQ(next[sender]++, i);
          },
          seed));
      EXPECT_EQ(next, (std::vector<int>{4, 4, 4})) << "seed " << seed << ", capacity " << capacity;
    }
  }
}

}  // namespace
