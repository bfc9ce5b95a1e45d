// Channels: the table of the design's section "Semantics", one test for each cell; order, closing,
// trying, views.
#include "taskleak/chan.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "src/runtime/sim/testing.h"
#include "taskleak/registry.h"
#include "taskleak/task.h"

namespace {

using taskleak::Chan;
using taskleak::ClosedChannelError;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::TaskId;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
using taskleak::Unit;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::TestRun;

// Gives way until a task stands blocked.
void AwaitBlocked(TaskId id) {
  for (;; Yield()) {
    for (const TaskSnapshot& task : TaskRegistry::Global().Snapshot())
      if (task.id == id && task.state == TaskState::kBlocked) return;
  }
}

// The run ended since its only task, root, stands in this operation for ever.
void ExpectRootBlockedIn(const TestRun& run, std::string_view operation, bool nil) {
  EXPECT_EQ(run.result.end, RunEnd::kDeadlock) << run.result.message;
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, "root");
  EXPECT_EQ(run.left[0].state, TaskState::kBlocked);
  EXPECT_EQ(run.left[0].operation, operation);
  ASSERT_EQ(run.left[0].objects.size(), 1u);
  EXPECT_EQ(run.left[0].objects[0].kind, "channel");
  EXPECT_EQ(run.left[0].objects[0].nil, nil);
}

void ExpectPanic(const TestRun& run, std::string_view sentence) {
  EXPECT_EQ(run.result.end, RunEnd::kPanic);
  EXPECT_EQ(run.result.message, sentence);
}

void ExpectClean(const TestRun& run) {
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
  EXPECT_TRUE(run.left.empty());
}

TEST(ChanTable, SendOnNilBlocksForEver) {
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

TEST(ChanTable, SendOnAnOpenChannelThatIsNotReadyBlocks) {
  ExpectRootBlockedIn(RunOnce([] {
                        MakeChan<int>().Send(1);
                        ADD_FAILURE() << "nobody received";
                      }),
                      "chan send", false);
}

TEST(ChanTable, SendOnAFullChannelBlocks) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>(2);
    for (int i = 0; i < 3; ++i) ch.Send(i);
    ADD_FAILURE() << "there was no room";
  });
  ExpectRootBlockedIn(run, "chan send", false);
  EXPECT_EQ(run.left.at(0).objects.at(0).capacity, 2u);
  EXPECT_EQ(run.left.at(0).objects.at(0).length, 2u);
}

TEST(ChanTable, SendProceedsWhereThereIsRoom) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    ch.Send(1);
    EXPECT_EQ(ch.Len(), 1u);
  }));
}

TEST(ChanTable, SendProceedsToAWaitingReceiver) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>();
    int got = 0;
    AwaitBlocked(Go([ch, &got] { got = ch.Recv().value(); }));
    ch.Send(7);
    while (got == 0) Yield();
    EXPECT_EQ(got, 7);
  }));
}

TEST(ChanTable, SendOnAClosedChannelPanics) {
  ExpectPanic(RunOnce([] {
                const auto ch = MakeChan<int>(1);
                ch.Close();
                EXPECT_THROW(ch.Send(1), ClosedChannelError);
                ch.Send(1);
              }),
              "send on closed channel");
}

TEST(ChanTable, RecvOnNilBlocksForEver) {
  ExpectRootBlockedIn(RunOnce([] {
                        static_cast<void>(Chan<int>().Recv());
                        ADD_FAILURE() << "a receive on a nil channel came back";
                      }),
                      "chan recv", true);
}

TEST(ChanTable, RecvOnAnOpenChannelThatIsNotReadyBlocks) {
  ExpectRootBlockedIn(RunOnce([] {
                        static_cast<void>(MakeChan<int>(3).Recv());
                        ADD_FAILURE() << "nobody sent";
                      }),
                      "chan recv", false);
}

TEST(ChanTable, RecvTakesWhatIsBuffered) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    ch.Send(5);
    EXPECT_EQ(ch.Recv(), 5);
    EXPECT_EQ(ch.Len(), 0u);
  }));
}

TEST(ChanTable, RecvTakesFromAWaitingSender) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>();
    AwaitBlocked(Go([ch] { ch.Send(5); }));
    EXPECT_EQ(ch.Recv(), 5);
  }));
}

TEST(ChanTable, RecvOnAClosedChannelDrainsThenSaysSoAtOnce) {
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

TEST(ChanTable, CloseOfNilPanics) {
  ExpectPanic(RunOnce([] { Chan<int>().Close(); }), "close of nil channel");
}

TEST(ChanTable, CloseWakesAllReceiversWithNothing) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    ExpectClean(RunOnce(
        [] {
          const auto ch = MakeChan<int>();
          int woken = 0;
          for (int i = 0; i < 5; ++i) {
            AwaitBlocked(Go([ch, &woken] {
              EXPECT_EQ(ch.Recv(), std::nullopt);
              ++woken;
            }));
          }
          ch.Close();
          while (woken < 5) Yield();
        },
        seed));
  }
}

TEST(ChanTable, CloseMakesAllBlockedSendersPanic) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    ExpectClean(RunOnce(
        [] {
          const auto ch = MakeChan<int>(1);
          ch.Send(0);
          int panicked = 0;
          for (int i = 1; i <= 5; ++i) {
            AwaitBlocked(Go([ch, i, &panicked] {
              EXPECT_THROW(ch.Send(i), ClosedChannelError);
              ++panicked;
            }));
          }
          ch.Close();
          while (panicked < 5) Yield();
          EXPECT_EQ(ch.Recv(), 0) << "what was buffered before the close is still received";
          EXPECT_EQ(ch.Recv(), std::nullopt) << "what was never sent is not";
        },
        seed));
  }
}

TEST(ChanTable, ASenderThatPanicsOnCloseEndsTheRun) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>();
    AwaitBlocked(Go("sender", [ch] { ch.Send(1); }));
    ch.Close();
    Yield();
    ADD_FAILURE() << "the run should have ended";
  });
  ExpectPanic(run, "send on closed channel");
  EXPECT_EQ(run.result.failed_task, 2u);
}

TEST(ChanTable, CloseOfAReadyChannelKeepsWhatIsBuffered) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(4);
    ch.Send(1);
    ch.Close();
    EXPECT_EQ(ch.Len(), 1u);
  }));
}

TEST(ChanTable, CloseOfAClosedChannelPanics) {
  ExpectPanic(RunOnce([] {
                const auto ch = MakeChan<int>();
                ch.Close();
                ch.Close();
              }),
              "close of closed channel");
}

TEST(ChanOrder, ReceiversAreServedFirstInFirstOut) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
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

TEST(ChanOrder, SendersAreServedFirstInFirstOutBehindTheBuffer) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
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

TEST(ChanOrder, ABufferKeepsItsOrderRoundAndRound) {
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
TEST(ChanOrder, NothingIsLostDoubledOrOvertaken) {
  for (std::uint64_t seed = 0; seed <= 100; ++seed) {
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
