// The model on programs small enough to know by hand all that can come of them. In pairs: what is
// allowed, and what a small difference forbids.
#include "src/primitives/model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "src/primitives/model/build.h"

namespace taskleak::model {
namespace {

using testing::UnorderedElementsAre;

// Each outcome as one line: the tasks' last words, without the operations' names.
std::set<std::string> OutcomesOf(const std::vector<Channel>& channels,
                                 const std::vector<std::vector<Op>>& tasks) {
  const Program program = {.seed = 0, .channels = channels, .tasks = tasks};
  std::set<std::string> lines;
  const std::set<Outcome> outcomes = AllOutcomes(program, 100'000).value();
  for (const Outcome& outcome : outcomes) {
    std::string line;
    for (std::size_t t = 0; t < program.tasks.size(); ++t) {
      if (t > 0) line += " | ";
      for (int i = 0; i < outcome[t].count; ++i) {
        const Result result = outcome[t].results[i];
        line += result == kNotReady      ? "no "
                : result >= Chosen(0, 0) ? "case" + std::to_string((result >> 8) - 1) + ":" +
                                               std::to_string(result & 0xff) + " "
                                         : std::to_string(result) + " ";
      }
      line += Sentence(outcome[t].fate);
    }
    lines.insert(line);
  }
  return lines;
}

// The state that these tasks' steps lead to, one after the other.
State After(const Program& program, const std::vector<std::uint8_t>& tasks) {
  State state = Start(program);
  for (const std::uint8_t task : tasks) Take(program, {.task = task, .chosen = 0}, &state);
  return state;
}

const std::vector<Channel> kNone;
const std::vector<Channel> kUnbuffered = {{}};
const std::vector<Channel> kBuffered = {{.capacity = 1}};

TEST(ModelChannels, ASendMeetsAReceive) {
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{Send(0, 7)}, {Recv(0)}}),
              UnorderedElementsAre("0 finished | 7 finished"));
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{Send(0, 7)}}), UnorderedElementsAre("blocked"));
  EXPECT_THAT(OutcomesOf(kBuffered, {{Send(0, 7)}}), UnorderedElementsAre("0 finished"));
  EXPECT_THAT(OutcomesOf(kBuffered, {{Send(0, 7), Send(0, 8)}}), UnorderedElementsAre("0 blocked"));
}

TEST(ModelChannels, NilIsNeverReady) {
  const std::vector<Channel> nil = {{.nil = true}};
  EXPECT_THAT(OutcomesOf(nil, {{TrySend(0, 1), TryRecv(0), Recv(0)}}),
              UnorderedElementsAre("no no blocked"));
  EXPECT_THAT(OutcomesOf(nil, {{Do(OpKind::kClose)}}),
              UnorderedElementsAre("close of nil channel"));
}

TEST(ModelChannels, ValuesComeInTheOrderOfTheirSends) {
  EXPECT_THAT(OutcomesOf(kBuffered, {{Send(0, 1), Send(0, 2)}, {Recv(0), Recv(0)}}),
              UnorderedElementsAre("0 0 finished | 1 2 finished"));
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{Send(0, 1)}, {Send(0, 2)}, {Recv(0), Recv(0)}}),
              UnorderedElementsAre("0 finished | 0 finished | 1 2 finished",
                                   "0 finished | 0 finished | 2 1 finished"));
}

TEST(ModelChannels, WhoWaitsLongestIsServedFirst) {
  const Program receivers = {
      .seed = 0, .channels = kUnbuffered, .tasks = {{Recv(0)}, {Recv(0)}, {Send(0, 5)}}};
  for (const bool turned : {false, true}) {
    const std::uint8_t first = turned ? 1 : 0;
    const std::uint8_t second = turned ? 0 : 1;
    const State state = After(receivers, {first, second, 2});
    EXPECT_EQ(state.outcome[first].fate, Fate::kFinished);
    EXPECT_EQ(state.outcome[first].results[0], 5);
    EXPECT_EQ(state.standing[second], Standing::kWaits);
  }
}

TEST(ModelClose, DrainsThenTellsReceiversAndPanicsSenders) {
  EXPECT_THAT(
      OutcomesOf(kBuffered, {{Send(0, 1), Do(OpKind::kClose), Recv(0), Recv(0), TryRecv(0)}}),
      UnorderedElementsAre("0 0 1 0 0 finished"));
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{Recv(0)}, {Do(OpKind::kClose)}}),
              UnorderedElementsAre("0 finished | 0 finished"));
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{Send(0, 1)}, {Do(OpKind::kClose)}}),
              UnorderedElementsAre("send on closed channel | 0 finished"));
  EXPECT_THAT(OutcomesOf(kBuffered, {{Do(OpKind::kClose), TrySend(0, 1)}}),
              UnorderedElementsAre("0 send on closed channel"));
  EXPECT_THAT(OutcomesOf(kBuffered, {{Do(OpKind::kClose), Do(OpKind::kClose)}}),
              UnorderedElementsAre("0 close of closed channel"));
}

TEST(ModelSelect, AnyReadyCaseAndTheDefaultOnlyWithoutOne) {
  const std::vector<Channel> two = {{.capacity = 1}, {.capacity = 1}};
  EXPECT_THAT(OutcomesOf(two, {{Select({SendCase(0, 1), SendCase(1, 2)}, true)}}),
              UnorderedElementsAre("case0:0 finished", "case1:0 finished"));
  EXPECT_THAT(OutcomesOf(two, {{Select({RecvCase(0), RecvCase(1)}, true)}}),
              UnorderedElementsAre("no finished"));
  EXPECT_THAT(OutcomesOf(two, {{Select({RecvCase(0), RecvCase(1)})}}),
              UnorderedElementsAre("blocked"));
}

TEST(ModelSelect, DoesNotMeetItselfButAnother) {
  const Op both = Select({SendCase(0, 1), RecvCase(0)});
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{both}}), UnorderedElementsAre("blocked"));
  EXPECT_THAT(OutcomesOf(kUnbuffered, {{both}, {Select({SendCase(0, 2), RecvCase(0)})}}),
              UnorderedElementsAre("case0:0 finished | case1:1 finished",
                                   "case1:2 finished | case0:0 finished"));
}

TEST(ModelSelect, ServedAtEitherOfTwoCasesAtOneEnd) {
  EXPECT_THAT(
      OutcomesOf(kUnbuffered, {{Select({RecvCase(0), RecvCase(0)})}, {Send(0, 1)}}),
      UnorderedElementsAre("case0:1 finished | 0 finished", "case1:1 finished | 0 finished"));
}

// Whoever tries to read while a reader is inside gets in, unless a writer waits.
TEST(ModelRWMutex, AWaitingWriterStopsLaterReaders) {
  const std::vector<Op> reader = {Do(OpKind::kRLock), Do(OpKind::kTryRLock)};
  EXPECT_THAT(OutcomesOf(kNone, {reader}), UnorderedElementsAre("0 0 finished"));
  EXPECT_THAT(OutcomesOf(kNone, {reader, {Do(OpKind::kLock)}}),
              UnorderedElementsAre("0 0 finished | blocked", "0 no finished | blocked",
                                   "blocked | 0 finished"));
}

// A reader that finds a writer inside waits; at that writer's unlock it gets in, whatever other
// writers wait, and keeps them out. Only one that comes later may find the next writer inside.
TEST(ModelRWMutex, UnlockAdmitsTheReadersThatWait) {
  const Op lock = Do(OpKind::kLock);
  const Op unlock = Do(OpKind::kUnlock);
  const Op rlock = Do(OpKind::kRLock);
  EXPECT_THAT(OutcomesOf(kNone, {{lock, unlock}, {rlock}}),
              UnorderedElementsAre("0 0 finished | 0 finished", "blocked | 0 finished"));

  const Program program = {.seed = 0, .channels = {}, .tasks = {{lock, unlock}, {lock}, {rlock}}};
  const State admitted = After(program, {0, 1, 2, 0});
  EXPECT_EQ(admitted.outcome[2].fate, Fate::kFinished);
  EXPECT_EQ(admitted.standing[1], Standing::kWoken);
  EXPECT_EQ(After(program, {0, 1, 2, 0, 1}).standing[1], Standing::kWaits);
  const State late = After(program, {0, 1, 0, 1, 2});
  EXPECT_EQ(late.outcome[1].fate, Fate::kFinished);
  EXPECT_EQ(late.standing[2], Standing::kWaits);
}

TEST(ModelRWMutex, UnlockingWhatIsNotLockedPanics) {
  EXPECT_THAT(OutcomesOf(kNone, {{Do(OpKind::kRLock), Do(OpKind::kUnlock)}}),
              UnorderedElementsAre("0 unlock of unlocked RWMutex"));
  EXPECT_THAT(OutcomesOf(kNone, {{Do(OpKind::kLock), Do(OpKind::kRUnlock)}}),
              UnorderedElementsAre("0 RUnlock of unlocked RWMutex"));
  EXPECT_THAT(OutcomesOf(kNone, {{Do(OpKind::kLock), Do(OpKind::kUnlock), Do(OpKind::kRLock),
                                  Do(OpKind::kRUnlock)}}),
              UnorderedElementsAre("0 0 0 0 finished"));
}

// Whoever unlocks may lock again before the one that it has woken does.
TEST(ModelMutex, APasserByMayBeFasterThanTheWoken) {
  const Op lock = Do(OpKind::kMutexLock);
  const Op unlock = Do(OpKind::kMutexUnlock);
  EXPECT_THAT(OutcomesOf(kNone, {{lock, unlock, lock}, {lock}}),
              UnorderedElementsAre("0 0 0 finished | blocked", "0 0 blocked | 0 finished",
                                   "blocked | 0 finished"));
  EXPECT_THAT(OutcomesOf(kNone, {{unlock}}), UnorderedElementsAre("unlock of unlocked mutex"));
}

// One that was woken and is too late keeps its place in front of those that came after it.
TEST(ModelMutex, TheWokenKeepsItsPlace) {
  const Op lock = Do(OpKind::kMutexLock);
  const Op unlock = Do(OpKind::kMutexUnlock);
  const Program program = {
      .seed = 0, .channels = {}, .tasks = {{lock, unlock, lock, unlock}, {lock}, {lock}}};
  State state = After(program, {0, 1, 2, 0, 0, 1});
  EXPECT_EQ(state.standing[1], Standing::kWaits);
  Take(program, {.task = 0, .chosen = 0}, &state);
  EXPECT_EQ(state.standing[1], Standing::kWoken);
  EXPECT_EQ(state.standing[2], Standing::kWaits);
}

TEST(ModelWaitGroup, WaitsForZero) {
  const Op done = Do(OpKind::kDone);
  const Op wait = Do(OpKind::kWait);
  EXPECT_THAT(
      OutcomesOf(kNone, {{Add(2), wait}, {done}}),
      UnorderedElementsAre("0 blocked | 0 finished", "0 blocked | negative WaitGroup counter"));
  EXPECT_THAT(OutcomesOf(kNone, {{Add(2), done, wait}, {done}}),
              UnorderedElementsAre("0 0 0 finished | 0 finished",
                                   "0 0 blocked | negative WaitGroup counter"));
}

TEST(ModelContexts, CancelEndsTheChildrenNotTheParent) {
  const auto look = [](int canceled) -> std::vector<std::vector<Op>> {
    return {{Do(OpKind::kCancel, canceled), Do(OpKind::kErr, 0), Do(OpKind::kErr, 1),
             TryRecv(kFirstDone), TryRecv(kFirstDone + 1)}};
  };
  EXPECT_THAT(OutcomesOf(kNone, look(0)), UnorderedElementsAre("0 1 1 0 0 finished"));
  EXPECT_THAT(OutcomesOf(kNone, look(1)), UnorderedElementsAre("0 0 1 no 0 finished"));
}

TEST(Model, SaysWhenThereAreTooManyStates) {
  const Program program = {.seed = 0, .channels = kUnbuffered, .tasks = {{Send(0, 1)}, {Recv(0)}}};
  EXPECT_TRUE(AllOutcomes(program, 10).has_value());
  EXPECT_FALSE(AllOutcomes(program, 2).has_value());
}

TEST(Model, TextOfAProgramAndAnOutcome) {
  const Program program = {
      .seed = 0,
      .channels = {{.capacity = 1}, {.nil = true}},
      .tasks = {{Send(0, 1), Select({SendCase(0, 2), RecvCase(kFirstDone)})},
                {Do(OpKind::kRLock, 1), TryRecv(0), Do(OpKind::kClose, 0), Do(OpKind::kClose, 0)},
                {Select({}, true), Do(OpKind::kErr, 1)}}};
  EXPECT_EQ(Text(program),
            "  channels: a of capacity 1, b nil\n"
            "  task 0: a<-1; select{a<-2, <-ctx0.Done};\n"
            "  task 1: rw1.RLock; try <-a; close(a); close(a);\n"
            "  task 2: select{default}; ctx1.Err;\n");
  Outcome outcome;
  outcome[0].Add(kDone);
  for (const Result result : {kDone, Result{1}, kDone}) outcome[1].Add(result);
  outcome[1].fate = Fate::kCloseOfClosed;
  for (const Result result : {kNotReady, kDone}) outcome[2].Add(result);
  outcome[2].fate = Fate::kFinished;
  EXPECT_EQ(Text(program, outcome),
            "  task 0: a<-1; blocked in select{a<-2, <-ctx0.Done}\n"
            "  task 1: rw1.RLock; try <-a = 1; close(a); close(a) panicked: close of closed "
            "channel\n"
            "  task 2: select{default} = default; ctx1.Err = none; finished\n");
}

TEST(Model, WhatNothingEndsCannotBeRescued) {
  const std::vector<Channel> nil_and_open = {{.nil = true}, {}};
  EXPECT_TRUE(CanBeRescued({.seed = 0,
                            .channels = nil_and_open,
                            .tasks = {{Recv(1), TryRecv(0), Select({RecvCase(0), RecvCase(1)})}}}));
  EXPECT_TRUE(CanBeRescued(
      {.seed = 0, .channels = nil_and_open, .tasks = {{Select({RecvCase(0)}, true)}}}));
  EXPECT_FALSE(CanBeRescued({.seed = 0, .channels = nil_and_open, .tasks = {{Recv(0)}}}));
  EXPECT_FALSE(
      CanBeRescued({.seed = 0, .channels = nil_and_open, .tasks = {{Select({RecvCase(0)})}}}));
  EXPECT_FALSE(CanBeRescued({.seed = 0, .channels = nil_and_open, .tasks = {{Select({})}}}));
}

}  // namespace
}  // namespace taskleak::model
