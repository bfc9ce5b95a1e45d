// The exhaustive strategy against brute force, on programs in which time passes or the schedule
// does what the body allows.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/strategies/brute_force.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::ExpectTheSame;
using taskleak::internal::ExploreAll;
using taskleak::internal::FaultKinds;
using taskleak::internal::Found;
using taskleak::internal::Log;
using taskleak::internal::NameOf;
using taskleak::internal::Program;
using taskleak::internal::Reduction;

std::vector<Program> Programs() {
  std::vector<Program> all;
  const auto add = [&all](const std::string& name, const std::function<void(Log&)>& body,
                          const FaultKinds& kinds = {.early_timers = false}) {
    all.push_back({name, body, kinds});
  };
  const FaultKinds early = {};

  add("sleepers", [](Log& log) {
    const auto ch = MakeChan<int>(2);
    Go("a", [=] {
      Sleep(1ms);
      ch.Send(1);
    });
    Go("b", [=] {
      Sleep(1ms);
      ch.Send(2);
    });
    log(0, *ch.Recv());
  });
  add(
      "a deadline against work",
      [](Log& log) {
        auto [ctx, cancel] = WithTimeout(Background(), 1ms);
        const auto ch = MakeChan<int>();
        Go("w", [=] { ch.Send(1); });
        log(0, static_cast<std::int64_t>(Select(OnRecv(ch), OnRecv(ctx.Done()))));
      },
      early);
  add(
      "a deadline that nobody waits for",
      [](Log& log) {
        auto [ctx, cancel] = WithTimeout(Background(), 1ms);
        log(0, ctx.Err() == ContextError::kNone ? "alive" : "ended");
        Go("t",
           [&log, ctx = ctx] { log(1, ctx.Err() == ContextError::kNone ? "alive" : "ended"); });
      },
      early);
  add(
      "stopping a timer",
      [](Log& log) {
        const Timer timer = NewTimer(1ms);
        const auto ch = MakeChan<int>(1);
        Go("t", [=] { ch.Send(1); });
        log(0, *ch.Recv());
        log(0, timer.Stop() ? "stopped" : "fired");
      },
      early);
  add(
      "two timers and a clock",
      [](Log& log) {
        Go("a", [&log] {
          Sleep(1ms);
          log(1, Now().time_since_epoch().count());
        });
        Go("b", [&log] {
          Sleep(2ms);
          log(2, Now().time_since_epoch().count());
        });
        log(0, Now().time_since_epoch().count());
      },
      early);
  add(
      "a timer's function",
      [](Log& log) {
        const auto ch = MakeChan<int>(1);
        const Timer timer = AfterFunc(1ms, [=] { ch.Send(1); });
        Go("t", [=, &log] { log(1, static_cast<std::int64_t>(ch.Len())); });
        log(0, timer.Stop() ? "stopped" : "ran");
      },
      early);
  add(
      "resetting a timer",
      [](Log& log) {
        const Timer timer = NewTimer(1ms);
        Go("t", [=, &log] { log(1, timer.Reset(3ms) ? "was armed" : "had fired"); });
        timer.C().Recv();
        log(0, Now().time_since_epoch().count());
      },
      early);
  add(
      "after, in a select",
      [](Log& log) {
        const auto ch = MakeChan<int>();
        Go("t", [=, &log] { log(1, ch.TrySend(1) ? "sent" : "nobody"); });
        log(0, static_cast<std::int64_t>(Select(OnRecv(ch), OnAfter(1ms))));
      },
      early);
  add("may cancel", [](Log& log) {
    auto [ctx, cancel] = WithCancel(Background());
    MayCancel(cancel);
    const auto ch = MakeChan<int>(1);
    Go("t", [=, ctx = ctx] { Select(OnSend(ch, 1), OnRecv(ctx.Done())); });
    log(0, static_cast<std::int64_t>(Select(OnRecv(ch), OnRecv(ctx.Done()))));
    log(0, ctx.Err() == ContextError::kNone ? "alive" : "ended");
  });
  add("may cancel what is cancelled", [](Log& log) {
    auto [ctx, cancel] = WithCancel(Background());
    MayCancel(cancel);
    Go("t", [&log, ctx = ctx] { log(1, ctx.Err() == ContextError::kNone ? "alive" : "ended"); });
    Go("u", [&log, ctx = ctx] { log(2, ctx.Err() == ContextError::kNone ? "alive" : "ended"); });
    cancel();
  });
  add("may close", [](Log& log) {
    const auto ch = MakeChan<int>(1);
    MayClose(ch);
    Go("t", [=, &log] { log(1, ch.Recv().has_value() ? "value" : "none"); });
    try {
      ch.Send(1);
      log(0, "sent");
    } catch (const ClosedChannelError&) {
      log(0, "closed");
    }
  });
  return all;
}

class AgainstBruteForceInTime : public testing::TestWithParam<Program> {};

TEST_P(AgainstBruteForceInTime, SeesTheSameOutcomes) {
  const Found all = ExploreAll(GetParam(), Reduction::kNone);
  ASSERT_TRUE(all.proven) << all.verdict;
  ExpectTheSame(GetParam(), all);
}

INSTANTIATE_TEST_SUITE_P(Programs, AgainstBruteForceInTime, testing::ValuesIn(Programs()), NameOf);

}  // namespace
