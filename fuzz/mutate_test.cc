// What mutations give: neighbours, of names that exist.
#include "fuzz/mutate.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "fuzz/decisions.h"
#include "fuzz/replay.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace taskleak::internal;
using Kind = ScheduleEntry::Kind;

// A body with every kind of decision: order, timers, faults, cases, early returns and data.
void Everything() {
  auto [context, cancel] = WithCancel(Background());
  MayCancel(cancel);
  const auto a = MakeChan<int>(2);
  const auto b = MakeChan<int>(2);
  a.Send(1);
  b.Send(2);
  Go("sender", [a] { a.TrySend(3); });
  Go("sleeper", [] { Sleep(std::chrono::seconds(1)); });
  Go("reader", [b] { b.TryRecv(); });
  Select(OnRecv(a), OnRecv(b));
  if (EarlyReturn("first")) return;
  static_cast<void>(FuzzInt(-5, 100));
  Yield();
  Select(OnRecv(a), OnRecv(b), OnRecv(context.Done()), OnDefault());
}

struct Watched {
  Simulator simulator;
  Decisions decisions;
  WatchingDecider watching{decisions};

  RunResult Run(const taskleak::Schedule& schedule = {}) {
    ReplayDecider replay(schedule);
    replay.Begin();
    decisions.Begin();
    watching.Begin(replay);
    RunResult result = simulator.Run(Everything, watching, {});
    decisions.End(simulator.paths());
    return result;
  }
};

TEST(Decisions, OfAnEmptyRunThereAreNone) {
  Chance dice(1);
  const Decisions none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.Draw(dice), std::nullopt);
  EXPECT_EQ(none.Draw(dice, Kind::kTask), std::nullopt);
  EXPECT_EQ(none.DrawTask(dice), std::nullopt);
}

TEST(Decisions, EveryKindIsOfferedThatTheBodyHas) {
  Watched watched;
  watched.Run();
  Chance dice(1);
  for (const Kind kind : {Kind::kTask, Kind::kTimer, Kind::kFault, Kind::kHold, Kind::kCase,
                          Kind::kEarlyReturn, Kind::kData}) {
    const auto entry = watched.decisions.Draw(dice, kind);
    ASSERT_TRUE(entry.has_value()) << static_cast<int>(kind);
    EXPECT_EQ(entry->kind, kind);
  }
}

// Property: what a run offered is possible: a schedule of that one entry does something else than
// the canonical run, and nothing but what the entry says.
TEST(Decisions, WhatIsDrawnCanBeDone) {
  Watched watched;
  watched.Run();
  Chance dice(7);
  for (int i = 0; i < 300; ++i) {
    watched.Run();
    const taskleak::Schedule wanted({*watched.decisions.Draw(dice)});
    watched.Run(wanted);
    EXPECT_EQ(ScheduleOf(watched.simulator.log(), watched.simulator.paths()).entries(),
              wanted.entries());
  }
}

TEST(Decisions, WatchingChangesNothingAndHasOneLayoutForOneSchedule) {
  Watched watched;
  ReplayDecider replay{taskleak::Schedule()};
  replay.Begin();
  const std::uint64_t bare = watched.simulator.Run(Everything, replay, {}).trace_hash;
  EXPECT_EQ(watched.Run().trace_hash, bare);
  const std::uint64_t layout = watched.watching.layout();
  watched.Run();
  EXPECT_EQ(watched.watching.layout(), layout);
  watched.Run(taskleak::Schedule({{.op = 1, .kind = Kind::kEarlyReturn}}));
  EXPECT_EQ(watched.watching.layout(), layout) << "that entry is not reached";
}

// Property: a mutation differs from what it was made of, is made again by the same dice, and every
// kind of entry and several lengths come up.
TEST(Mutate, GivesNeighboursAndTheSameOnesForTheSameChance) {
  Watched watched;
  watched.Run();
  std::set<std::size_t> lengths;
  std::array<int, 7> kinds = {};
  taskleak::Schedule schedule;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Chance dice(seed);
    Chance same(seed);
    const taskleak::Schedule next = Mutate(schedule, watched.decisions, dice);
    EXPECT_EQ(next, Mutate(schedule, watched.decisions, same)) << "seed " << seed;
    EXPECT_NE(next, schedule) << "seed " << seed;
    lengths.insert(next.size());
    for (const ScheduleEntry& entry : next.entries()) ++kinds[static_cast<std::size_t>(entry.kind)];
    schedule = next.size() > 12 ? taskleak::Schedule() : next;
  }
  EXPECT_GT(lengths.size(), 6u);
  for (const int count : kinds) EXPECT_GT(count, 10);
}

TEST(Mutate, KeepsTheLimitsOfTheRun) {
  Watched watched;
  watched.Run();
  taskleak::Schedule schedule;
  schedule.max_steps = 5;
  schedule.faults = kCancels;
  Chance dice(1);
  const taskleak::Schedule mutated = Mutate(schedule, watched.decisions, dice);
  EXPECT_EQ(mutated.max_steps, 5u);
  EXPECT_EQ(mutated.faults, kCancels);
}

TEST(Mutate, WithoutAnythingKnownItCanOnlyShortenAndMove) {
  const Decisions none;
  Chance dice(3);
  EXPECT_TRUE(Mutate(taskleak::Schedule(), none, dice).empty());
  const taskleak::Schedule one({{.op = 4, .kind = Kind::kHold}});
  for (int i = 0; i < 100; ++i) EXPECT_NE(Mutate(one, none, dice), one);
}

// Property: what is spliced has entries of the two only, and both ways of splicing come up.
TEST(Splice, HasEntriesOfBothAndNoOthers) {
  std::vector<ScheduleEntry> first;
  std::vector<ScheduleEntry> second;
  for (std::uint32_t op = 1; op <= 8; ++op) {
    first.push_back({.task = {1}, .op = op, .kind = Kind::kHold});
    second.push_back({.task = {2}, .op = op, .kind = Kind::kHold});
  }
  const taskleak::Schedule a(first);
  const taskleak::Schedule b(second);
  Chance dice(11);
  int of_both = 0;
  for (int i = 0; i < 200; ++i) {
    std::set<std::uint32_t> tasks;
    const taskleak::Schedule spliced = Splice(a, b, dice);
    for (const ScheduleEntry& entry : spliced.entries()) {
      tasks.insert(entry.task.front());
      EXPECT_TRUE(entry.task.front() == 1 || entry.task.front() == 2);
    }
    of_both += tasks.size() == 2 ? 1 : 0;
  }
  EXPECT_GT(of_both, 50);
}

TEST(EncodeWithin, LeavesOutWhatDoesNotFit) {
  std::vector<ScheduleEntry> entries;
  for (std::uint32_t op = 1; op <= 50; ++op) entries.push_back({.op = op, .kind = Kind::kHold});
  const taskleak::Schedule schedule(entries);
  Chance dice(1);
  EXPECT_EQ(EncodeWithin(schedule, 1000, dice), schedule.Encode());
  for (const std::size_t most : {0u, 1u, 2u, 3u, 10u, 40u}) {
    const std::string payload = EncodeWithin(schedule, most, dice);
    EXPECT_LE(payload.size(), most);
    EXPECT_EQ(payload.empty(), most < 3);
  }
}

}  // namespace
