// The words of a report, from a trace made by hand.
#include "harness/report/prose.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/ordinal.h"

namespace {

using taskleak::ScheduleEntry;
using taskleak::Site;
using taskleak::TaskId;
using taskleak::TaskPath;
using taskleak::Trace;
using taskleak::TraceEvent;
using taskleak::TraceTask;
using taskleak::internal::NameOf;
using taskleak::internal::Ordinal;
using taskleak::internal::TellSchedule;
using taskleak::internal::WhereIs;
using EventKind = TraceEvent::Kind;
using EntryKind = ScheduleEntry::Kind;

constexpr Site kSite = {"/src/pool.cc", 41};

void AddTask(Trace& trace, TaskPath path, std::string name) {
  TraceTask task;
  task.id = trace.tasks.size() + 1;
  task.path = std::move(path);
  task.name = std::move(name);
  trace.tasks.push_back(std::move(task));
}

TraceEvent Event(EventKind kind, TaskId task, std::string operation = "", std::uint32_t nth = 1) {
  TraceEvent event;
  event.kind = kind;
  event.task = task;
  event.op = operation.empty() ? 0 : 3;
  event.operation = std::move(operation);
  event.nth = nth;
  event.site = kSite;
  return event;
}

Trace ThreeTasks() {
  Trace trace;
  AddTask(trace, {}, "root");
  AddTask(trace, {1}, "worker");
  AddTask(trace, {2}, "closer");
  return trace;
}

// The sentence for one decision that fell at an operation.
std::string Tell(ScheduleEntry entry, TraceEvent event) {
  Trace trace = ThreeTasks();
  event.kind = EventKind::kException;
  trace.exceptions.push_back(std::move(entry));
  trace.events.push_back(std::move(event));
  const std::vector<std::string> sentences = TellSchedule(trace).sentences;
  return sentences.size() == 1 ? sentences[0] : "not one sentence";
}

TEST(Ordinal, ReadsAsPeopleSayIt) {
  EXPECT_EQ(Ordinal(1), "1st");
  EXPECT_EQ(Ordinal(2), "2nd");
  EXPECT_EQ(Ordinal(3), "3rd");
  EXPECT_EQ(Ordinal(4), "4th");
  EXPECT_EQ(Ordinal(10), "10th");
  EXPECT_EQ(Ordinal(11), "11th");
  EXPECT_EQ(Ordinal(12), "12th");
  EXPECT_EQ(Ordinal(13), "13th");
  EXPECT_EQ(Ordinal(21), "21st");
  EXPECT_EQ(Ordinal(102), "102nd");
  EXPECT_EQ(Ordinal(111), "111th");
  EXPECT_EQ(Ordinal(1013), "1013th");
}

TEST(NameOf, TellsTasksApart) {
  Trace trace = ThreeTasks();
  EXPECT_EQ(NameOf(trace, 1), "root");
  EXPECT_EQ(NameOf(trace, 2), "worker");
  AddTask(trace, {3}, "worker");
  AddTask(trace, {4}, "");
  EXPECT_EQ(NameOf(trace, 2), "worker (task 2)");
  EXPECT_EQ(NameOf(trace, 4), "worker (task 4)");
  EXPECT_EQ(NameOf(trace, 5), "task 5");
  EXPECT_EQ(NameOf(trace, 0), "nobody");
  EXPECT_EQ(NameOf(trace, 99), "nobody");
}

TEST(TellSchedule, HasASentenceForEachKind) {
  const TraceEvent send = Event(EventKind::kOperation, 2, "chan send", 3);
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .target = {2}}, send),
            "before worker's 3rd chan send (pool.cc:41), closer ran first");
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .sub = 1, .target = {}}, send),
            "during worker's 3rd chan send (pool.cc:41), root ran first");
  EXPECT_EQ(Tell({.task = {1}, .target = {2}}, Event(EventKind::kOperation, 2)),
            "at worker's start, closer ran first");
  EXPECT_EQ(
      Tell({.task = {1}, .op = 3, .kind = EntryKind::kTimer, .target = {2}, .value = 4}, send),
      "before worker's 3rd chan send (pool.cc:41), timer 4 of closer fired first");
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .kind = EntryKind::kFault, .target = {}, .value = 2}, send),
            "before worker's 3rd chan send (pool.cc:41), the schedule did what root allowed (2nd "
            "MayCancel or MayClose)");
  EXPECT_EQ(
      Tell({.task = {1}, .op = 3, .kind = EntryKind::kHold}, send),
      "worker was held back from its 3rd chan send on (pool.cc:41), until nothing else could move");
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .kind = EntryKind::kCase, .value = 1},
                 Event(EventKind::kOperation, 2, "select")),
            "worker's 1st select (pool.cc:41) took its case 1, though an earlier one was ready");
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .kind = EntryKind::kData, .value = -5},
                 Event(EventKind::kOperation, 2, "fuzz data")),
            "worker's 1st fuzz data (pool.cc:41) gave -5");
  TraceEvent early = Event(EventKind::kOperation, 2, "early return", 2);
  early.label = "first error";
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .kind = EntryKind::kEarlyReturn}, early),
            "worker returned early the 2nd time it was asked, at pool.cc:41 (EarlyReturn \"first "
            "error\")");
}

TEST(TellSchedule, NamesATaskThatNeverWasByItsPath) {
  EXPECT_EQ(Tell({.task = {1}, .op = 3, .target = {7, 1}}, Event(EventKind::kOperation, 2, "lock")),
            "before worker's 1st lock (pool.cc:41), root.7.1 ran first");
}

TEST(TellSchedule, CountsWhatIsBeyondTheLimit) {
  Trace trace = ThreeTasks();
  for (std::int64_t i = 0; i < 3; ++i) {
    TraceEvent event = Event(EventKind::kException, 2, "fuzz data");
    event.entry = trace.exceptions.size();
    trace.exceptions.push_back({.task = {1}, .op = 3, .kind = EntryKind::kData, .value = i});
    trace.events.push_back(std::move(event));
  }
  const auto all = TellSchedule(trace);
  ASSERT_EQ(all.sentences.size(), 3u);
  EXPECT_EQ(all.untold, 0u);
  const auto some = TellSchedule(trace, 2);
  ASSERT_EQ(some.sentences.size(), 2u);
  EXPECT_EQ(some.sentences[1], all.sentences[1]);
  EXPECT_EQ(some.untold, 1u);
}

TEST(TellSchedule, SaysNothingOfWhatWasNotReached) {
  Trace trace = ThreeTasks();
  trace.exceptions.push_back({.task = {1}, .op = 3, .target = {2}});
  EXPECT_TRUE(TellSchedule(trace).sentences.empty());
}

TEST(WhereIs, SaysWhatATaskWasLastSeenDoing) {
  Trace trace = ThreeTasks();
  EXPECT_EQ(WhereIs(trace, 2), "has not been seen");
  trace.events.push_back(Event(EventKind::kStart, 2));
  EXPECT_EQ(WhereIs(trace, 2), "has not done anything yet");
  trace.events.push_back(Event(EventKind::kOperation, 2, "chan recv"));
  EXPECT_EQ(WhereIs(trace, 2), "is after chan recv at pool.cc:41");
  trace.events.push_back(Event(EventKind::kPark, 2, "lock"));
  EXPECT_EQ(WhereIs(trace, 2), "is blocked itself, in lock at pool.cc:41");
  trace.events.push_back(Event(EventKind::kTimer, 2));
  EXPECT_EQ(WhereIs(trace, 2), "is blocked itself, in lock at pool.cc:41")
      << "its timer is not the task";
  trace.events.push_back(Event(EventKind::kUnpark, 2));
  trace.events.push_back(Event(EventKind::kOperation, 2, "lock"));
  trace.events.push_back(Event(EventKind::kEnd, 2));
  EXPECT_EQ(WhereIs(trace, 2), "has ended (the last it did was lock at pool.cc:41)");
}

TEST(WhereIs, SaysWhichEarlyReturnLedThere) {
  Trace trace = ThreeTasks();
  TraceEvent early = Event(EventKind::kOperation, 2, "early return");
  early.label = "first error";
  early.outcome = 1;  // It went on.
  trace.events.push_back(early);
  trace.events.push_back(Event(EventKind::kEnd, 2));
  EXPECT_EQ(WhereIs(trace, 2), "has ended (the last it did was early return at pool.cc:41)");
  trace.events.clear();
  early.outcome = 0;
  trace.events.push_back(early);
  trace.events.push_back(Event(EventKind::kEnd, 2));
  EXPECT_EQ(WhereIs(trace, 2), "returned at pool.cc:41 (EarlyReturn \"first error\")");
}

}  // namespace
