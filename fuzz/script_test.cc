// The text form of schedules: what is written is read again as the same schedule, what a person
// changes in it is what happens, and what is wrong with it is said.
#include "fuzz/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "fuzz/recorder.h"
#include "fuzz/replay.h"
#include "fuzz/strategies/driver.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::MakeStrategy;
using taskleak::internal::Recorder;
using taskleak::internal::ReplayDecider;
using taskleak::internal::RunResult;
using taskleak::internal::ScheduleOf;
using taskleak::internal::Script;
using taskleak::internal::Simulator;
using taskleak::internal::WriteScript;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Something of every kind to decide; two tasks of one name, one without.
void Everything() {
  auto [ctx, cancel] = WithTimeout(Background(), 5ms);
  MayCancel(cancel);
  const auto ch = MakeChan<int>(1);
  const auto other = MakeChan<int>();
  MayClose(other);
  for (const char* name : {"worker-1", "twin", "twin", ""}) {
    Go(name, [=, ctx = ctx] {
      for (int n = 0; n < 3; ++n) {
        if (EarlyReturn("worker")) return;
        if (Select(OnSend(ch, n), OnRecv(ctx.Done()), OnRecv(other)) != 0) return;
        Sleep(1ms);
      }
    });
  }
  const std::int64_t receives = FuzzInt(-3, 12);
  for (std::int64_t i = 0; i < receives; ++i) Select(OnRecv(ch), OnRecv(ctx.Done()), OnRecv(other));
  cancel();
}

Trace RecordRun(Simulator& simulator, const std::function<void()>& body,
                const taskleak::Schedule& schedule) {
  ReplayDecider decider(schedule);
  decider.Begin();
  Recorder recorder(simulator);
  const RunResult result = simulator.Run(body, decider, {}, &recorder);
  return recorder.Take(result.trace_hash);
}

struct Played {
  taskleak::Schedule schedule;
  std::uint64_t trace_hash;
  std::vector<std::string> unused;
};

Played Play(Simulator& simulator, const std::function<void()>& body, const std::string& text) {
  Script script(text);
  const RunResult result = simulator.Run(body, script, {}, script.observer());
  return {ScheduleOf(simulator.log(), simulator.paths()), result.trace_hash, script.Unused()};
}

// Property: for any schedule that a run gave, reading what was written of it gives it again, and
// the same trace.
TEST(Script, IsReadAsItWasWritten) {
  Simulator simulator;
  const auto strategy = MakeStrategy({.strategy = Strategy::kRandom, .seed = 5});
  std::size_t entries = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    strategy->Begin(i);
    simulator.Run(Everything, *strategy, {});
    const taskleak::Schedule schedule = ScheduleOf(simulator.log(), simulator.paths());
    const Trace trace = RecordRun(simulator, Everything, schedule);
    const std::string text = WriteScript(schedule, trace);
    const Played played = Play(simulator, Everything, text);
    ASSERT_EQ(played.schedule, schedule) << text;
    ASSERT_EQ(played.trace_hash, trace.hash) << text;
    ASSERT_THAT(played.unused, IsEmpty()) << text;
    entries += schedule.size();
  }
  EXPECT_GT(entries, 2000u) << "schedules without entries show nothing";
}

void TwoSenders() {
  const auto ch = MakeChan<int>();
  Go("first", [=] { ch.Send(1); });
  Go("second", [=] { ch.Send(2); });
  ch.Recv();
  ch.Recv();
}

TEST(Script, IsWrittenInTheWordsOfAPerson) {
  Simulator simulator;
  const std::string text =
      "root at its 1st receive: second runs first\n"
      "hold first from its 1st send\n";
  const Played played = Play(simulator, TwoSenders, text);
  EXPECT_THAT(played.unused, IsEmpty());
  EXPECT_EQ(played.schedule.size(), 2u);
  EXPECT_EQ(WriteScript(played.schedule, RecordRun(simulator, TwoSenders, played.schedule)), text);
}

TEST(Script, ReadsPathsCountsCommentsAndSettings) {
  Simulator simulator;
  const Script settings("without early timers # they are not the point\n\nlimit 5000 operations\n");
  EXPECT_EQ(settings.faults(), kAllFaults & ~kEarlyTimers);
  EXPECT_EQ(settings.max_steps(), 5000u);
  const Played named = Play(simulator, TwoSenders, "root at its 1st receive: second runs first");
  const Played counted =
      Play(simulator, TwoSenders, "  root at its 3rd operation: root.2 runs first  # the same");
  EXPECT_EQ(named.schedule, counted.schedule);
  EXPECT_FALSE(named.schedule.empty());
  EXPECT_EQ(WriteScript(taskleak::Schedule(), {}), "");
  taskleak::Schedule narrow;
  narrow.max_steps = 7;
  narrow.faults = kAllFaults & ~kHolds;
  EXPECT_EQ(WriteScript(narrow, {}), "limit 7 operations\nwithout holds\n");
}

TEST(Script, SaysWhichLinesWereNotComeTo) {
  Simulator simulator;
  EXPECT_THAT(Play(simulator, TwoSenders,
                   "root at its 9th receive: second runs first\n"
                   "root at its 1st receive: nobody runs first\n"
                   "root at its 1st receive: second runs first\n")
                  .unused,
              ElementsAre("root at its 9th receive: second runs first",
                          "root at its 1st receive: nobody runs first",
                          "root at its 1st receive: second runs first"))
      << "of two lines for one decision the first counts";
}

std::string Refusal(const std::string& text) {
  try {
    const Script script(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Script, SaysWhatIsWrongAndInWhichLine) {
  EXPECT_THAT(Refusal("\nworker does something"),
              HasSubstr("line 2 of the schedule, \"worker does something\", should be like"));
  EXPECT_THAT(Refusal("worker at its 1st juggle: x runs first"),
              HasSubstr("an operation that there is not, \"juggle\""));
  EXPECT_THAT(Refusal("worker at its 0th send: x runs first"), HasSubstr("should be like"));
  EXPECT_THAT(Refusal("worker at its 1st send: dances"), HasSubstr("says of nothing"));
  EXPECT_THAT(Refusal("worker at its 1st send: timer x of root fires"),
              HasSubstr("says of nothing"));
  EXPECT_THAT(Refusal("without doubt"), HasSubstr("switches off something that there is not"));
  EXPECT_THAT(Refusal("limit many operations"), HasSubstr("limit 5000 operations"));
  EXPECT_THAT(Refusal("limit 0 operations"), HasSubstr("limit 5000 operations"));
  EXPECT_THAT(Refusal("hold worker"), HasSubstr("should be like"));
}

}  // namespace
