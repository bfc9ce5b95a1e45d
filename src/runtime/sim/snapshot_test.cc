// What a snapshot shows: names, labels, paths, parents, places; from within a run and at its end.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/runtime/sim/testing.h"
#include "taskleak/chan.h"
#include "taskleak/registry.h"
#include "taskleak/select.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::AfterFunc;
using taskleak::Chan;
using taskleak::CurrentTask;
using taskleak::Go;
using taskleak::GroupTasks;
using taskleak::MakeChan;
using taskleak::Mutex;
using taskleak::ObjectSnapshot;
using taskleak::OnRecv;
using taskleak::OnSend;
using taskleak::Select;
using taskleak::SetTaskLabel;
using taskleak::SetTaskName;
using taskleak::Sleep;
using taskleak::TaskGroup;
using taskleak::TaskId;
using taskleak::TaskRegistry;
using taskleak::TaskSnapshot;
using taskleak::TaskState;
using taskleak::TimePoint;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::TestRun;

void BlockForEver() { static_cast<void>(Chan<int>().Recv()); }

const TaskSnapshot* Find(const std::vector<TaskSnapshot>& tasks, std::string_view name) {
  for (const TaskSnapshot& task : tasks)
    if (task.name == name) return &task;
  ADD_FAILURE() << "no task " << name;
  return nullptr;
}

TEST(Snapshot, NamesLabelsPathsAndParents) {
  TaskId first = 0;
  TaskId second = 0;
  TaskId grandchild = 0;
  std::uint32_t line = 0;
  const TestRun run = RunOnce([&] {
    EXPECT_EQ(CurrentTask(), 1u);
    first = Go("first", BlockForEver);
    second = Go("second", [&] {
      EXPECT_EQ(CurrentTask(), second);
      SetTaskLabel("user", "ann");
      SetTaskLabel("shard", "7");
      line = __LINE__ + 1;
      grandchild = Go(BlockForEver);
      SetTaskName("renamed");
      BlockForEver();
    });
  });
  EXPECT_EQ(run.result.end, RunEnd::kLeak);
  ASSERT_EQ(run.left.size(), 3u);
  EXPECT_EQ(run.left[0].id, first);
  EXPECT_EQ(run.left[0].path, "root.1");
  EXPECT_EQ(run.left[0].parent, 1u);
  EXPECT_EQ(run.left[1].id, second);
  EXPECT_EQ(run.left[1].name, "renamed");
  EXPECT_EQ(run.left[1].path, "root.2");
  EXPECT_EQ(run.left[1].labels,
            (std::vector<std::pair<std::string, std::string>>{{"user", "ann"}, {"shard", "7"}}));
  EXPECT_EQ(run.left[2].id, grandchild);
  EXPECT_EQ(run.left[2].name, "");
  EXPECT_EQ(run.left[2].path, "root.2.1");
  EXPECT_EQ(run.left[2].parent, second);
  EXPECT_EQ(run.left[2].created_at.line, line);
  EXPECT_STREQ(run.left[2].created_at.file, __FILE__);
  EXPECT_FALSE(run.left[2].creation_stack.empty());
  EXPECT_FALSE(run.left[2].blocked_stack.empty());
}

TEST(Snapshot, LongNamesAndLabelsAreCut) {
  const TestRun run = RunOnce([] {
    Go(std::string(100, 'n'), [] {
      SetTaskLabel("key", std::string(100, 'v'));
      BlockForEver();
    });
  });
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].name, std::string(39, 'n'));
  ASSERT_EQ(run.left[0].labels.size(), 1u);
  EXPECT_EQ(run.left[0].labels[0].second, std::string(59, 'v'));
}

TEST(Snapshot, ATimersFunctionBelongsToWhoRegisteredIt) {
  const TestRun run = RunOnce([] {
    Go("owner", [] {
      static_cast<void>(AfterFunc(1s, BlockForEver));
      Sleep(5s);
    });
  });
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].path, "root.1.1");
  EXPECT_EQ(run.left[0].parent, 2u);
  EXPECT_EQ(run.left[0].name, "time.AfterFunc");
}

TEST(Snapshot, TellsSinceWhenATaskIsBlocked) {
  const TestRun run = RunOnce([] {
    Go("late", [] {
      Sleep(2s);
      BlockForEver();
    });
    Sleep(5s);
  });
  ASSERT_EQ(run.left.size(), 1u);
  EXPECT_EQ(run.left[0].blocked_since, TimePoint(2s));
  EXPECT_EQ(run.left[0].blocked_for, 3s);
}

// Asked from within, the run stands still: who waits where, and what each object is, fit together.
TEST(Snapshot, FromWithinARunIsConsistent) {
  std::uint32_t made = 0;
  const TestRun run = RunOnce([&made] {
    made = __LINE__ + 1;
    const auto ch = MakeChan<int>(2);
    const auto other = MakeChan<int>();
    Mutex mutex;
    mutex.Lock();
    const TaskId receiver = Go("receiver", [=] { static_cast<void>(ch.Recv()); });
    const TaskId selects = Go("selects", [=] { Select(OnRecv(ch), OnSend(other, 1)); });
    const TaskId locks = Go("locks", [&mutex] { mutex.Lock(); });
    Go("sleeps", [] { Sleep(1h); });
    Yield();
    Go("new", [] {});

    const std::vector<TaskSnapshot> tasks = TaskRegistry::Global().Snapshot();
    ASSERT_EQ(tasks.size(), 6u);
    for (std::size_t i = 0; i < tasks.size(); ++i)
      EXPECT_EQ(tasks[i].id, i + 1) << "in order of ids";
    EXPECT_EQ(Find(tasks, "root")->state, TaskState::kRunnable);
    EXPECT_EQ(Find(tasks, "receiver")->state, TaskState::kBlocked);
    EXPECT_EQ(Find(tasks, "selects")->state, TaskState::kBlocked);
    EXPECT_EQ(Find(tasks, "locks")->operation, "lock");
    EXPECT_EQ(Find(tasks, "sleeps")->state, TaskState::kSleeping);
    EXPECT_EQ(Find(tasks, "new")->state, TaskState::kRunnable);
    EXPECT_EQ(Find(tasks, "receiver")->objects.at(0).waiting,
              (std::vector<TaskId>{receiver, selects}));

    const std::vector<ObjectSnapshot> objects = TaskRegistry::Global().Objects();
    ASSERT_EQ(objects.size(), 3u);
    EXPECT_EQ(objects[0].kind, "channel");
    EXPECT_EQ(objects[0].id, 1u);
    EXPECT_EQ(objects[0].made_at.line, made);
    EXPECT_EQ(objects[0].made_by, 1u);
    EXPECT_EQ(objects[0].capacity, 2u);
    EXPECT_EQ(objects[0].waiting, (std::vector<TaskId>{receiver, selects}));
    EXPECT_EQ(objects[1].id, 2u);
    EXPECT_EQ(objects[1].waiting, std::vector<TaskId>{selects});
    EXPECT_EQ(objects[2].kind, "mutex");
    EXPECT_EQ(objects[2].waiting, std::vector<TaskId>{locks});
    EXPECT_EQ(objects[2].last_fed.task, 1u);

    mutex.Unlock();
    ch.Send(1);
    ch.Send(2);
    while (TaskRegistry::Global().Snapshot().size() > 2) Yield();
    EXPECT_TRUE(TaskRegistry::Global().Objects().at(0).waiting.empty());
  });
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
}

TEST(Snapshot, ObjectsComeAndGo) {
  const TestRun run = RunOnce([] {
    EXPECT_TRUE(TaskRegistry::Global().Objects().empty());
    {
      const auto ch = MakeChan<int>(1);
      ch.Send(1);
      ch.Close();
      const std::vector<ObjectSnapshot> objects = TaskRegistry::Global().Objects();
      ASSERT_EQ(objects.size(), 1u);
      EXPECT_TRUE(objects[0].closed);
      EXPECT_EQ(objects[0].length, 1u);
      EXPECT_EQ(objects[0].last_feeding.task, 1u);
      EXPECT_EQ(objects[0].last_fed.task, 0u);
    }
    EXPECT_TRUE(TaskRegistry::Global().Objects().empty());
  });
  EXPECT_EQ(run.result.end, RunEnd::kClean);
}

TEST(Snapshot, OutsideARunThereIsNothingOfIt) {
  const auto objects = TaskRegistry::Global().Objects().size();
  static_cast<void>(RunOnce([] {
    const auto channel = MakeChan<int>();
    Go("of the run", [channel] { channel.Send(1); });
  }));
  for (const TaskSnapshot& task : TaskRegistry::Global().Snapshot())
    EXPECT_NE(task.name, "of the run");
  EXPECT_EQ(TaskRegistry::Global().Objects().size(), objects);
}

[[gnu::noinline]] void StartSender(const Chan<int>& ch) {
  Go("sender", [ch] { ch.Send(1); });
}
[[gnu::noinline]] void StartReceiver() { Go("receiver", BlockForEver); }

TEST(Snapshot, TasksOfOneMakeAreOneGroup) {
  const TestRun run = RunOnce([] {
    const auto ch = MakeChan<int>();
    volatile int count = 50;  // Or the compiler unrolls the loop, and the stacks differ.
    for (int i = 0; i < count; ++i) {
      StartSender(ch);
      if (i % 10 == 9) StartReceiver();
    }
  });
  EXPECT_EQ(run.left.size(), 55u);
  const std::vector<TaskGroup> groups = GroupTasks(run.left);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].tasks.size(), 50u);
  EXPECT_EQ(groups[0].tasks[0].name, "sender");
  EXPECT_EQ(groups[1].tasks.size(), 5u);
}

}  // namespace
