// One schedule given by hand: what it does, and what it does not.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "fuzz/replay.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FaultKinds;
using taskleak::internal::ReplayDecider;
using taskleak::internal::RunResult;
using taskleak::internal::Simulator;
using taskleak::internal::ToKinds;
using Kind = ScheduleEntry::Kind;

RunResult Follow(Simulator& simulator, const std::function<void()>& body,
                 const std::vector<ScheduleEntry>& entries) {
  ReplayDecider decider{Schedule(entries)};
  decider.Begin();
  return simulator.Run(body, decider, {});
}

TEST(ReplayDecider, IgnoresWhatIsNotReachedOrNotPossible) {
  const auto body = [] {
    const auto ch = MakeChan<int>(1);
    const auto [ctx, cancel] = WithCancel(Background());
    MayCancel(cancel);                                                // Fault 1 of root.
    Go([ch] { ch.Send(1); });                                         // root.1
    Go([ch, ctx = ctx] { Select(OnRecv(ch), OnRecv(ctx.Done())); });  // root.2
    static_cast<void>(FuzzInt(2, 9));
    Sleep(1ms);  // Timer 1 of root.
  };
  Simulator simulator;
  const std::uint64_t canonical = Follow(simulator, body, {}).trace_hash;
  std::vector<ScheduleEntry> impossible;
  for (std::uint32_t op = 0; op < 12; ++op) {
    for (const TaskPath& task : {TaskPath{}, TaskPath{1}, TaskPath{2}}) {
      for (std::uint32_t sub = 0; sub < 3; ++sub) {
        impossible.push_back({.task = task, .op = op, .sub = sub, .target = {9}});  // No such task.
        impossible.push_back({.task = task, .op = op, .sub = sub, .target = {1, 1}});
        impossible.push_back(
            {.task = task, .op = op, .sub = sub, .kind = Kind::kTimer, .target = {}, .value = 2});
        impossible.push_back(
            {.task = task, .op = op, .sub = sub, .kind = Kind::kTimer, .target = {1}, .value = 1});
        impossible.push_back(
            {.task = task, .op = op, .sub = sub, .kind = Kind::kFault, .target = {}, .value = 2});
        impossible.push_back(
            {.task = task, .op = op, .sub = sub, .kind = Kind::kFault, .target = {}, .value = -1});
        impossible.push_back(
            {.task = task, .op = op, .sub = sub, .kind = Kind::kFault, .target = {8}, .value = 1});
      }
      impossible.push_back(
          {.task = task, .op = op, .kind = Kind::kCase, .value = 1});  // Not ready.
      impossible.push_back({.task = task, .op = op, .kind = Kind::kCase, .value = 77});
      impossible.push_back({.task = task, .op = op, .kind = Kind::kCase, .value = -1});
      impossible.push_back(
          {.task = task, .op = op, .kind = Kind::kData, .value = 1});  // Out of range.
      impossible.push_back({.task = task, .op = op, .kind = Kind::kData, .value = 10});
      impossible.push_back({.task = task, .op = op, .kind = Kind::kEarlyReturn});  // Nobody asks.
    }
  }
  impossible.push_back({.task = {3}, .op = 1, .kind = Kind::kHold});  // No such task.
  impossible.push_back({.task = {1}, .op = 99, .kind = Kind::kHold});
  impossible.push_back({.task = {1}, .op = 99, .target = {2}});
  for (const ScheduleEntry& entry : impossible) {
    EXPECT_EQ(Follow(simulator, body, {entry}).trace_hash, canonical)
        << "kind " << static_cast<int>(entry.kind) << " at " << ToString(entry.task)
        << " operation " << entry.op << "." << entry.sub << ", target " << ToString(entry.target)
        << ", value " << entry.value;
    EXPECT_TRUE(simulator.log().empty());
  }
  // And the same body does react to what is possible, of every kind that it offers.
  std::set<Kind> reactions;
  for (std::uint32_t op = 0; op < 12; ++op) {
    for (std::uint32_t sub = 0; sub < 3; ++sub) {
      for (const ScheduleEntry& entry :
           {ScheduleEntry{.op = op, .sub = sub, .kind = Kind::kHold},
            ScheduleEntry{.op = op, .sub = sub, .target = {2}},
            ScheduleEntry{.op = op, .sub = sub, .kind = Kind::kFault, .value = 1},
            ScheduleEntry{.op = op, .sub = sub, .kind = Kind::kTimer, .value = 1},
            ScheduleEntry{.op = op, .sub = sub, .kind = Kind::kData, .value = 5}})
        if (Follow(simulator, body, {entry}).trace_hash != canonical) reactions.insert(entry.kind);
    }
  }
  EXPECT_EQ(reactions,
            (std::set<Kind>{Kind::kTask, Kind::kTimer, Kind::kFault, Kind::kHold, Kind::kData}));
}

TEST(ReplayDecider, NamesTasksByPathNotByOrderOfCreation) {
  // The held task is root.2's first child, whatever was created before it.
  std::string order;
  const auto body = [&order] {
    order.clear();
    Go("first", [] { Yield(); });
    Go("second", [&order] {
      Go("child", [&order] {
        PreemptionPoint();
        order += "child ";
      });
    });
    Go("third", [&order] {
      PreemptionPoint();
      order += "third ";
    });
  };
  Simulator simulator;
  Follow(simulator, body, {});
  const std::string canonical = order;
  Follow(simulator, body, {{.task = {3}, .op = 1, .kind = Kind::kHold}});
  EXPECT_EQ(canonical, "third child ");
  EXPECT_EQ(order, "child third ");
}

TEST(ToKinds, ReadsEachBit) {
  EXPECT_TRUE(ToKinds(kEarlyReturns).early_return);
  EXPECT_TRUE(ToKinds(kCancels).cancel);
  EXPECT_TRUE(ToKinds(kCloses).close);
  EXPECT_TRUE(ToKinds(kEarlyTimers).early_timers);
  EXPECT_TRUE(ToKinds(kHolds).holds);
  EXPECT_TRUE(ToKinds(kFuzzedData).data);
  const FaultKinds none = ToKinds(0);
  EXPECT_FALSE(none.early_return || none.cancel || none.close || none.early_timers || none.holds ||
               none.data);
}

}  // namespace
