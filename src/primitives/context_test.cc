// Contexts: Go's package context, in virtual time.
#include "taskleak/context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "src/runtime/testing.h"
#include "taskleak/error.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::AfterFunc;
using taskleak::Background;
using taskleak::CancelFunc;
using taskleak::Cause;
using taskleak::Chan;
using taskleak::Context;
using taskleak::ContextEnded;
using taskleak::ContextError;
using taskleak::ContextKey;
using taskleak::CurrentTask;
using taskleak::Duration;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Now;
using taskleak::RecvChan;
using taskleak::Sleep;
using taskleak::StopFunc;
using taskleak::TaskId;
using taskleak::TimePoint;
using taskleak::Unit;
using taskleak::WithCancel;
using taskleak::WithCancelCause;
using taskleak::WithDeadline;
using taskleak::WithoutCancel;
using taskleak::WithTimeout;
using taskleak::WithValue;
using taskleak::Yield;
using taskleak::internal::AwaitBlocked;
using taskleak::internal::AwaitEnd;
using taskleak::internal::ExpectClean;
using taskleak::internal::OnBothRuntimes;
using taskleak::internal::RunEnd;
using taskleak::internal::TestRun;

bool IsDone(const Context& context) { return context.Done().TryRecv().ready; }

std::string What(const std::exception_ptr& error) {
  if (error == nullptr) return "null";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

class ContextTest : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ContextTest);

TEST_P(ContextTest, BackgroundNeverEnds) {
  ExpectClean(RunOnce([] {
    EXPECT_FALSE(Background().Done()) << "nil, as in Go";
    EXPECT_EQ(Background().Err(), ContextError::kNone);
    EXPECT_EQ(Background().Deadline(), std::nullopt);
    EXPECT_EQ(Cause(Background()), nullptr);
    EXPECT_FALSE(Context().Done());
  }));
}

TEST_P(ContextTest, CancelClosesDoneAndMayBeCalledAgain) {
  ExpectClean(RunOnce([] {
    const auto [context, cancel] = WithCancel(Background());
    EXPECT_TRUE(context.Done());
    EXPECT_FALSE(IsDone(context));
    EXPECT_EQ(context.Err(), ContextError::kNone);
    cancel();
    EXPECT_TRUE(IsDone(context));
    EXPECT_EQ(context.Err(), ContextError::kCanceled);
    cancel();
    EXPECT_EQ(context.Err(), ContextError::kCanceled);
    EXPECT_TRUE(context.Done() == context.Done());
  }));
}

TEST_P(ContextTest, CancelWakesAllWhoWait) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    ExpectClean(RunOnce(
        [] {
          const auto [context, cancel] = WithCancel(Background());
          for (int i = 0; i < 4; ++i)
            Go([done = context.Done()] { EXPECT_EQ(done.Recv(), std::nullopt); });
          cancel();
        },
        seed));
  }
}

TEST_P(ContextTest, ACancelledParentCancelsItsChildren) {
  ExpectClean(RunOnce([] {
    const auto [parent, cancel] = WithCancel(Background());
    const Context first = WithCancel(parent).first;
    const Context second = WithTimeout(parent, 1h).first;
    const Context grandchild = WithCancel(first).first;
    cancel();
    for (const Context& context : {first, second, grandchild}) {
      EXPECT_TRUE(IsDone(context));
      EXPECT_EQ(context.Err(), ContextError::kCanceled);
    }
    EXPECT_EQ(WithCancel(parent).first.Err(), ContextError::kCanceled)
        << "one born late is ended at once";
  }));
}

TEST_P(ContextTest, AChildDoesNotCancelItsParentOrSiblings) {
  ExpectClean(RunOnce([] {
    const Context parent = WithCancel(Background()).first;
    const auto [child, cancel] = WithCancel(parent);
    const Context sibling = WithCancel(parent).first;
    cancel();
    EXPECT_EQ(child.Err(), ContextError::kCanceled);
    EXPECT_EQ(parent.Err(), ContextError::kNone);
    EXPECT_EQ(sibling.Err(), ContextError::kNone);
  }));
}

TEST_P(ContextTest, ATimeoutEndsInVirtualTime) {
  const TestRun run = RunOnce([] {
    Sleep(1s);
    const Context context = WithTimeout(Background(), 5s).first;
    EXPECT_EQ(context.Deadline(), TimePoint(6s));
    static_cast<void>(context.Done().Recv());
    EXPECT_EQ(Now(), TimePoint(6s));
    EXPECT_EQ(context.Err(), ContextError::kDeadlineExceeded);
  });
  ExpectClean(run);
  EXPECT_EQ(run.result.time, Duration(6s).count());
}

TEST_P(ContextTest, ADeadlineThatHasPassedEndsAtOnce) {
  ExpectClean(RunOnce([] {
    Sleep(2s);
    EXPECT_EQ(WithDeadline(Background(), TimePoint(1s)).first.Err(),
              ContextError::kDeadlineExceeded);
    EXPECT_EQ(WithTimeout(Background(), 0s).first.Err(), ContextError::kDeadlineExceeded);
    EXPECT_EQ(WithTimeout(Background(), -1s).first.Err(), ContextError::kDeadlineExceeded);
  }));
}

TEST_P(ContextTest, TheLongestTimeoutIsNotShort) {
  ExpectClean(RunOnce([] {
    Sleep(1s);
    const auto [context, cancel] = WithTimeout(Background(), Duration::max());
    EXPECT_EQ(context.Err(), ContextError::kNone);
    cancel();
  }));
}

TEST_P(ContextTest, TheParentsEarlierDeadlineWins) {
  ExpectClean(RunOnce([] {
    const Context parent = WithTimeout(Background(), 1s).first;
    const Context later = WithTimeout(parent, 5s).first;
    const Context earlier = WithTimeout(parent, 500ms).first;
    EXPECT_EQ(later.Deadline(), TimePoint(1s));
    EXPECT_EQ(earlier.Deadline(), TimePoint(500ms));
    static_cast<void>(earlier.Done().Recv());
    EXPECT_EQ(Now(), TimePoint(500ms));
    EXPECT_EQ(parent.Err(), ContextError::kNone);
    static_cast<void>(later.Done().Recv());
    EXPECT_EQ(Now(), TimePoint(1s));
    EXPECT_EQ(later.Err(), ContextError::kDeadlineExceeded);
  }));
}

// A leaked task keeps the run going for as long as there are timers.
TEST_P(ContextTest, CancelReleasesTheTimer) {
  const auto leak_and = [](bool cancels) {
    return RunOnce([cancels] {
      Go([] { static_cast<void>(Chan<int>().Recv()); });
      const auto [context, cancel] = WithTimeout(Background(), 1h);
      const Context child = WithTimeout(context, 30min).first;
      if (cancels) cancel();
    });
  };
  EXPECT_EQ(leak_and(true).result.time, 0);
  EXPECT_EQ(leak_and(false).result.time, Duration(1h).count());
}

TEST_P(ContextTest, ValuesAreFoundThroughAllLayers) {
  static const ContextKey<std::string> kUser("user");
  static const ContextKey<int> kDepth("depth");
  static const ContextKey<int> kOther("depth");
  ExpectClean(RunOnce([] {
    const Context one = WithValue(Background(), kUser, "ann");
    const Context two = WithValue(one, kDepth, 1);
    const Context three = WithValue(WithTimeout(WithCancel(two).first, 1s).first, kDepth, 2);
    ASSERT_NE(three.Value(kUser), nullptr);
    EXPECT_EQ(*three.Value(kUser), "ann");
    EXPECT_EQ(*three.Value(kDepth), 2) << "the nearest";
    EXPECT_EQ(*two.Value(kDepth), 1);
    EXPECT_EQ(one.Value(kDepth), nullptr);
    EXPECT_EQ(three.Value(kOther), nullptr) << "a key is its address, not its name";
    EXPECT_EQ(Background().Value(kUser), nullptr);
  }));
}

TEST_P(ContextTest, AValueContextEndsWithItsParent) {
  static const ContextKey<int> kKey;
  ExpectClean(RunOnce([] {
    const auto [parent, cancel] = WithCancel(Background());
    const Context value = WithValue(parent, kKey, 1);
    const Context child = WithCancel(value).first;
    EXPECT_TRUE(value.Done() == parent.Done());
    EXPECT_FALSE(WithValue(Background(), kKey, 1).Done());
    cancel();
    EXPECT_EQ(value.Err(), ContextError::kCanceled);
    EXPECT_EQ(child.Err(), ContextError::kCanceled);
  }));
}

TEST_P(ContextTest, CauseIsTheOneGivenFirst) {
  ExpectClean(RunOnce([] {
    const auto [context, cancel] = WithCancelCause(Background());
    const Context child = WithCancel(context).first;
    EXPECT_EQ(Cause(context), nullptr);
    cancel(std::make_exception_ptr(std::runtime_error("the disk is full")));
    cancel(std::make_exception_ptr(std::runtime_error("too late")));
    EXPECT_EQ(What(Cause(context)), "the disk is full");
    EXPECT_EQ(What(Cause(child)), "the disk is full");
    EXPECT_EQ(context.Err(), ContextError::kCanceled);
  }));
}

TEST_P(ContextTest, WithoutACauseItIsTheErrorInWords) {
  ExpectClean(RunOnce([] {
    const auto [canceled, cancel] = WithCancelCause(Background());
    cancel(nullptr);
    EXPECT_EQ(What(Cause(canceled)), "context canceled");
    const Context late = WithTimeout(Background(), 0s).first;
    EXPECT_EQ(What(Cause(late)), "context deadline exceeded");
    EXPECT_THROW(std::rethrow_exception(Cause(late)), ContextEnded);
    const auto [plain, cancel_cause] = WithCancelCause(Background());
    const CancelFunc cancel_plain = cancel_cause;
    cancel_plain();
    EXPECT_EQ(plain.Err(), ContextError::kCanceled);
  }));
}

TEST_P(ContextTest, WithoutCancelKeepsValuesOnly) {
  static const ContextKey<int> kKey;
  ExpectClean(RunOnce([] {
    const auto [parent, cancel] = WithTimeout(WithValue(Background(), kKey, 4), 1s);
    const Context detached = WithoutCancel(parent);
    const Context child = WithCancel(detached).first;
    cancel();
    EXPECT_FALSE(detached.Done());
    EXPECT_EQ(detached.Deadline(), std::nullopt);
    EXPECT_EQ(detached.Err(), ContextError::kNone);
    EXPECT_EQ(child.Err(), ContextError::kNone);
    EXPECT_EQ(*child.Value(kKey), 4);
    EXPECT_EQ(Cause(detached), nullptr);
  }));
}

class ContextAfterFunc : public OnBothRuntimes {};
INSTANTIATE_ON_BOTH_RUNTIMES(ContextAfterFunc);

TEST_P(ContextAfterFunc, RunsAsATaskOfItsOwn) {
  ExpectClean(RunOnce([] {
    const auto [context, cancel] = WithCancel(Background());
    const auto ran = MakeChan<TaskId>();
    static_cast<void>(AfterFunc(context, [ran] {
      Sleep(1s);  // It may block.
      ran.Send(CurrentTask());
    }));
    Yield();
    EXPECT_FALSE(ran.TryRecv().ready);
    cancel();
    EXPECT_NE(ran.Recv(), CurrentTask());
  }));
}

TEST_P(ContextAfterFunc, RunsAtOnceIfTheContextHasEnded) {
  bool ran = false;
  ExpectClean(RunOnce([&ran] {
    const auto [context, cancel] = WithCancel(Background());
    cancel();
    const StopFunc stop = AfterFunc(context, [&ran] { ran = true; });
    EXPECT_FALSE(stop()) << "it has started";
  }));
  EXPECT_TRUE(ran);
}

TEST_P(ContextAfterFunc, RunsOnATimeoutWhenAllElseHasEnded) {
  bool ran = false;
  const TestRun run = RunOnce([&ran] {
    static_cast<void>(AfterFunc(WithTimeout(Background(), 3s).first, [&ran] { ran = true; }));
  });
  ExpectClean(run);
  EXPECT_TRUE(ran);
  EXPECT_EQ(run.result.time, Duration(3s).count());
}

TEST_P(ContextAfterFunc, StopKeepsItFromRunning) {
  std::vector<int> ran;
  ExpectClean(RunOnce([&ran] {
    const auto [context, cancel] = WithCancel(Background());
    const StopFunc stop_one = AfterFunc(context, [&ran] { ran.push_back(1); });
    const StopFunc stop_two = AfterFunc(context, [&ran] { ran.push_back(2); });
    EXPECT_TRUE(stop_one());
    EXPECT_FALSE(stop_one());
    cancel();
    EXPECT_FALSE(stop_two()) << "it has started";
    EXPECT_FALSE(StopFunc()());
  }));
  EXPECT_EQ(ran, std::vector<int>{2});
}

// Sends when it dies. Moved from, it does not.
struct SendsAtItsEnd {
  explicit SendsAtItsEnd(Chan<int> to) : to(std::move(to)) {}
  SendsAtItsEnd(SendsAtItsEnd&& other) noexcept : to(std::exchange(other.to, {})) {}
  ~SendsAtItsEnd() {
    if (to) to.Send(1);
  }
  Chan<int> to;
};

TEST_P(ContextAfterFunc, WhatStopKeepsFromRunningMayWaitInItsDestructor) {
  const auto ran = std::make_shared<std::atomic<int>>(0);
  ExpectClean(RunOnce([ran] {
    const auto [context, cancel] = WithCancel(Background());
    const auto told = MakeChan<int>();
    const StopFunc stop = AfterFunc(context, [end = SendsAtItsEnd(told)] {});
    static_cast<void>(AfterFunc(context, [ran] { *ran += 1; }));
    const TaskId stopper = Go([stop] { EXPECT_TRUE(stop()); });
    AwaitBlocked(stopper);
    static_cast<void>(AfterFunc(context, [ran] { *ran += 10; }));
    EXPECT_EQ(told.Recv(), 1);
    AwaitEnd(stopper);
    cancel();
  }));
  EXPECT_EQ(*ran, 11);
}

// Parent and child hold each other until the run is over, and the child the value.
TEST_P(ContextTest, AValueThatDiesWithTheRunCannotAct) {
  static const ContextKey<SendsAtItsEnd> kKey;
  ExpectClean(RunOnce([] {
    const Context parent = WithCancel(Background()).first;
    const auto never = MakeChan<int>();
    static_cast<void>(WithCancel(WithValue(parent, kKey, SendsAtItsEnd(never))));
  }));
}

// A task holds nothing of a context but its done channel; all contexts and functions are gone from
// every frame.
TEST_P(ContextTest, WhoHoldsOnlyTheDoneChannelStillHearsTheParentsCancel) {
  for (std::uint64_t seed = 0; seed <= Seeds(20); ++seed) {
    ExpectClean(RunOnce(
        [] {
          CancelFunc cancel;
          {
            auto [parent, cancel_parent] = WithCancel(Background());
            cancel = cancel_parent;
            RecvChan<Unit> done = WithTimeout(WithCancel(parent).first, 1h).first.Done();
            parent = {};
            Go([done] { EXPECT_EQ(done.Recv(), std::nullopt); });
          }
          Yield();
          cancel();
        },
        seed));
  }
}

TEST_P(ContextTest, WhoHoldsOnlyTheDoneChannelStillHearsTheTimeout) {
  const TestRun run = RunOnce([] {
    const RecvChan<Unit> done = WithTimeout(Background(), 4s).first.Done();
    EXPECT_EQ(done.Recv(), std::nullopt);
    EXPECT_EQ(Now(), TimePoint(4s));
  });
  ExpectClean(run);
}

TEST_P(ContextTest, OneOfAnEarlierRunIsRefused) {
  Context kept;
  ExpectClean(RunOnce([&kept] { kept = WithCancel(Background()).first; }));
  const std::vector<std::pair<const char*, void (*)(const Context&)>> uses = {
      {"Err", [](const Context& c) { static_cast<void>(c.Err()); }},
      {"Done", [](const Context& c) { static_cast<void>(c.Done().TryRecv()); }},
      {"WithCancel", [](const Context& c) { static_cast<void>(WithCancel(c)); }},
      {"WithTimeout", [](const Context& c) { static_cast<void>(WithTimeout(c, 1s)); }},
      {"AfterFunc", [](const Context& c) { static_cast<void>(AfterFunc(c, [] {})); }},
  };
  for (const auto& [name, use] : uses) {
    const TestRun run = RunOnce([&kept, use = use] { use(kept); });
    EXPECT_EQ(run.result.end, RunEnd::kMisuse) << name;
    EXPECT_NE(run.result.message.find("belongs to an earlier run"), std::string::npos)
        << name << run.result.message;
  }
}

TEST_P(ContextTest, OneMadeOutsideARunIsRefusedInOne) {
  const Context outside = WithCancel(Background()).first;
  EXPECT_EQ(outside.Err(), ContextError::kNone) << "outside it is as good as any";
  const TestRun run = RunOnce([&outside] { static_cast<void>(WithCancel(outside)); });
  EXPECT_EQ(run.result.end, RunEnd::kMisuse);
  EXPECT_NE(run.result.message.find("belongs to no run; make it inside the body"),
            std::string::npos)
      << run.result.message;
}

}  // namespace
