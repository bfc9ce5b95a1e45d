// Handles on channels: trying, counting, iterating, comparing, views.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "src/runtime/testing.h"
#include "taskleak/chan.h"
#include "taskleak/task.h"

namespace {

using taskleak::Chan;
using taskleak::ClosedChannelError;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::RecvChan;
using taskleak::SendChan;
using taskleak::TaskId;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::ExpectPanic;
using taskleak::internal::OnBothRuntimes;

class ChanTry : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ChanTry);

TEST_P(ChanTry, NeverBlocks) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    EXPECT_FALSE(ch.TryRecv().ready);
    EXPECT_TRUE(ch.TrySend(1));
    EXPECT_FALSE(ch.TrySend(2));
    const auto got = ch.TryRecv();
    EXPECT_TRUE(got.ready);
    EXPECT_EQ(got.value, 1);
  }));
}

TEST_P(ChanTry, OnNilIsNeverReady) {
  ExpectClean(RunOnce([] {
    const Chan<int> nil;
    EXPECT_FALSE(nil.TrySend(1));
    EXPECT_FALSE(nil.TryRecv().ready);
  }));
}

TEST_P(ChanTry, OnAClosedChannel) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    ch.Send(3);
    ch.Close();
    EXPECT_THROW(ch.TrySend(1), ClosedChannelError);
    EXPECT_EQ(ch.TryRecv().value, 3);
    const auto drained = ch.TryRecv();
    EXPECT_TRUE(drained.ready);
    EXPECT_EQ(drained.value, std::nullopt);
  }));
}

TEST_P(ChanTry, MeetsAWaitingPartner) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>();
    int got = 0;
    const TaskId receiver = Go([ch, &got] { got = ch.Recv().value(); });
    AwaitBlocked(receiver);
    EXPECT_TRUE(ch.TrySend(4));
    EXPECT_FALSE(ch.TrySend(5)) << "the one receiver is served already";
    AwaitEnd(receiver);
    EXPECT_EQ(got, 4);
    AwaitBlocked(Go([ch] { ch.Send(6); }));
    EXPECT_EQ(ch.TryRecv().value, 6);
    EXPECT_FALSE(ch.TryRecv().ready);
  }));
}

class ChanHandle : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ChanHandle);

TEST_P(ChanHandle, LenAndCap) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(3);
    EXPECT_EQ(ch.Cap(), 3u);
    EXPECT_EQ(ch.Len(), 0u);
    ch.Send(1);
    ch.Send(1);
    EXPECT_EQ(ch.Len(), 2u);
    EXPECT_EQ(MakeChan<int>().Cap(), 0u);
    EXPECT_EQ(Chan<int>().Cap(), 0u);
    EXPECT_EQ(Chan<int>().Len(), 0u);
  }));
}

TEST_P(ChanHandle, ACapacityBeyondAllMemoryPanics) {
  ExpectPanic(RunOnce([] { MakeChan<int>(SIZE_MAX); }), "makechan: size out of range");
}

TEST_P(ChanHandle, RangeForEndsWhenClosedAndDrained) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<std::string>(2);
    Go([ch] {
      for (const char* word : {"a", "b", "c", "d"}) ch.Send(word);
      ch.Close();
    });
    std::string all;
    for (const std::string& word : ch) all += word;
    EXPECT_EQ(all, "abcd");
  }));
}

TEST_P(ChanHandle, ComparesIdentityAcrossViews) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>(1);
    const auto other = MakeChan<int>(1);
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): a copy is the same channel.
    const Chan<int> copy = ch;
    const SendChan<int> in = ch;
    const RecvChan<int> out = ch;
    EXPECT_TRUE(copy == ch && in == ch && ch == out && in == out && out == in);
    EXPECT_TRUE(ch != other && in != other && other != out && other.AsSend() != out);
    EXPECT_TRUE(Chan<int>() == RecvChan<int>());
    EXPECT_FALSE(Chan<int>());
    EXPECT_TRUE(ch && in && out);
    EXPECT_TRUE(ch.AsSend() == in && ch.AsRecv() == out);
  }));
}

TEST_P(ChanHandle, ViewsHaveOneDirectionOnly) {
  const auto sends = [](auto ch) {
    return requires {
      ch.Send(1);
      ch.Close();
      ch.TrySend(1);
    };
  };
  const auto receives = [](auto ch) {
    return requires {
      ch.Recv();
      ch.TryRecv();
      ch.begin();
    };
  };
  EXPECT_TRUE(sends(Chan<int>()) && receives(Chan<int>()));
  EXPECT_TRUE(sends(SendChan<int>()) && !receives(SendChan<int>()));
  EXPECT_TRUE(!sends(RecvChan<int>()) && receives(RecvChan<int>()));
  EXPECT_FALSE((std::is_convertible_v<RecvChan<int>, Chan<int>>));
  EXPECT_FALSE((std::is_convertible_v<SendChan<int>, RecvChan<int>>));
}

TEST_P(ChanHandle, ViewsWork) {
  ExpectClean(RunOnce([] {
    const auto ch = MakeChan<int>();
    const auto produce = [](SendChan<int> out) {
      for (int i = 0; i < 3; ++i) out.Send(i);
      out.Close();
    };
    Go([=] { produce(ch); });
    int sum = 0;
    const RecvChan<int> in = ch;
    for (const int i : in) sum += i;
    EXPECT_EQ(sum, 3);
  }));
}

}  // namespace
