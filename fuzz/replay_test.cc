// The core invariant: what a run did otherwise than the canonical one, replayed, is the same run.
#include "fuzz/replay.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fuzz/strategies/driver.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using namespace taskleak::internal;
using Kind = ScheduleEntry::Kind;

// ---- Bodies. Each leaks, panics or is clean as the schedule has it; that is no matter here.

void WorkerPool() {
  auto [ctx, cancel] = WithTimeout(Background(), 3s);
  MayCancel(cancel);
  const auto jobs = MakeChan<int>(2);
  const auto results = MakeChan<int>();
  const auto workers = std::make_shared<WaitGroup>();
  for (int i = 0; i < 3; ++i) {
    workers->Go("worker", [=, ctx = ctx] {
      std::optional<int> job;
      while (Select(OnRecv(jobs, job), OnRecv(ctx.Done())) == 0 && job.has_value()) {
        Sleep(500ms);
        if (EarlyReturn("worker gives up")) return;
        if (Select(OnSend(results, *job), OnRecv(ctx.Done())) == 1) return;
      }
    });
  }
  Go("dispatcher", [=, ctx = ctx] {
    for (int job = 0; job < 6; ++job)
      if (Select(OnSend(jobs, job), OnRecv(ctx.Done())) == 1) break;
    jobs.Close();
  });
  Go("closer", [=] {
    workers->Wait();
    results.Close();
  });
  for (int result : results)
    if (result > 2 && EarlyReturn("collector")) return;
  cancel();
}

void Selects() {
  std::vector<Chan<int>> channels;
  channels.reserve(3);
  for (std::size_t i = 0; i < 3; ++i) channels.push_back(MakeChan<int>(i));
  for (int i = 0; i < 3; ++i) {
    Go("producer", [ch = channels[static_cast<std::size_t>(i)], i] {
      for (int n = 0; n < 4; ++n) {
        if (n % 2 == i % 2) Sleep(1ms * n);
        ch.Send(n);
      }
    });
  }
  int left = 12;
  while (left > 0) {
    Selector selector;
    for (const Chan<int>& ch : channels) selector.Recv(ch);
    if (left % 3 == 0) selector.Default();
    if (left % 4 == 0) selector.Recv(After(1ms));
    const std::size_t chosen = selector.Wait();
    if (chosen < 3) --left;
    if (left == 5 && Select(OnSend(channels[2], 7), OnDefault()) == 0) ++left;
  }
}

void Faults() {
  auto [parent, cancel_parent] = WithCancel(Background());
  auto [child, cancel_child] = WithTimeout(parent, 10ms);
  const auto ch = MakeChan<int>(1);
  MayCancel(cancel_parent);
  MayCancel(cancel_child);
  MayClose(ch);
  static_cast<void>(AfterFunc(child, [ch] { static_cast<void>(ch.TryRecv()); }));
  static_cast<void>(AfterFunc(5ms, [cancel = cancel_child] {
    Yield();
    cancel();
  }));
  const Timer timer = AfterFunc(8ms, [] { Yield(); });
  Go("sends", [ch, ctx = child] {
    for (int i = 0; i < 5; ++i) {
      if (ctx.Err() != ContextError::kNone) return;
      if (Select(OnSend(ch, i), OnRecv(ctx.Done())) == 1) return;
    }
  });
  Go("receives", [ch, ctx = parent] {
    for (int i = 0; i < 3; ++i) {
      Sleep(2ms);
      if (!ch.TryRecv().ready && ctx.Err() != ContextError::kNone) return;
    }
  });
  static_cast<void>(child.Done().Recv());
  static_cast<void>(timer.Stop());
}

// A fault that can no longer happen lingers until somebody is asked.
void SpentFaults() {
  const auto gate = MakeChan<Unit>();
  for (int i = 0; i < 4; ++i) {
    Go([gate, i] {
      static_cast<void>(gate.Recv());
      for (int n = 0; n < i; ++n) PreemptionPoint();
    });
  }
  const auto spent = MakeChan<int>();
  auto [ctx, cancel] = WithCancel(Background());
  MayCancel(cancel);
  MayClose(spent);
  while (TaskRegistry::Global().Snapshot().back().operation != "chan recv") Yield();
  cancel();
  spent.Close();
  for (int i = 0; i < 3; ++i) PreemptionPoint();
  static_cast<void>(spent.TryRecv());
  gate.Close();
}

void FuzzedData() {
  const std::int64_t tasks = FuzzInt(1, 5);
  const auto ch = MakeChan<std::int64_t>(static_cast<std::size_t>(FuzzInt(0, 3)));
  for (std::int64_t i = 0; i < tasks; ++i) {
    Go([ch] {
      ch.Send(FuzzInt(INT64_MIN, INT64_MAX));
      if (FuzzBool()) ch.Send(FuzzInt(-7, -3));
    });
  }
  for (std::int64_t i = 0; i < tasks; ++i) static_cast<void>(ch.Recv());
}

void Tree(WaitGroup* all, int depth) {
  for (int i = 0; depth > 0 && i < 3; ++i) {
    all->Go([=] {
      if (i == 1) Yield();
      Tree(all, depth - 1);
      if (EarlyReturn("leaf")) return;
      PreemptionPoint();
    });
  }
}

void NestedSpawns() {
  WaitGroup all;
  Tree(&all, 3);
  all.Wait();
}

void Locks() {
  struct Shared {
    Mutex mutex;
    RWMutex table;
    Cond changed{mutex};
    Semaphore slots{2};
    Once once;
    WaitGroup done;
    int count = 0;
  };
  const auto shared = std::make_shared<Shared>();
  for (int i = 0; i < 3; ++i) {
    shared->done.Go([shared] {
      shared->once.Do([] { Sleep(1ms); });
      shared->slots.Acquire();
      {
        const std::lock_guard lock(shared->mutex);
        ++shared->count;
        shared->changed.Broadcast();
      }
      shared->slots.Release();
      shared->table.Lock();
      shared->table.Unlock();
    });
    shared->done.Go([shared, i] {
      shared->table.RLock();
      PreemptionPoint();
      shared->table.RUnlock();
      const std::lock_guard lock(shared->mutex);
      while (shared->count < i) shared->changed.Wait();
    });
  }
  shared->done.Wait();
}

void Tickers() {
  const Ticker fast = NewTicker(1ms);
  const Ticker slow = NewTicker(3ms);  // Due together with every third.
  const Timer both = NewTimer(6ms);
  Go([fast] {
    for (int i = 0; i < 6; ++i) static_cast<void>(fast.C().Recv());
    fast.Stop();
  });
  Go([slow, both] {
    for (int i = 0; i < 3; ++i) Select(OnRecv(slow.C()), OnRecv(both.C()));
    slow.Stop();
  });
  Sleep(6ms);
}

void Panics() {
  const auto ch = MakeChan<int>(1);
  MayClose(ch);
  Go([ch] {
    for (int i = 0; i < 3; ++i) ch.Send(i);
  });
  Go([ch] {
    for (int value : ch) static_cast<void>(value);
    throw std::runtime_error("closed");
  });
  Sleep(1ms);
}

// So long that a held task is released because of its age.
void OutlastsAHold() {
  const auto there = MakeChan<int>();
  const auto back = MakeChan<int>();
  for (int i = 0; i < 3; ++i) {
    Go("held", [] {
      for (int n = 0; n < 40; ++n) PreemptionPoint();
    });
  }
  Go("echo", [there, back] {
    for (int v : there) {
      for (int n = 0; n < v % 7; ++n) PreemptionPoint();
      back.Send(v);
    }
  });
  for (int i = 0; i < 400; ++i) {
    there.Send(i);
    for (int n = 0; n < i % 5; ++n) PreemptionPoint();
    static_cast<void>(back.Recv());
  }
  there.Close();
}

void Spins() {
  const auto flag = std::make_shared<Atomic<int>>(0);
  Go([flag] {
    for (int i = 0; i < 100; ++i) flag->store(i);
    Sleep(1ms);
    flag->store(100);
  });
  while (flag->load() < 100) {
    if (flag->load() % 3 == 0) Yield();
  }
}

void PastTheStepLimit() {
  for (int i = 0; i < 3; ++i) {
    Go([] {
      for (int n = 0; n < 300; ++n) {
        PreemptionPoint();
        if (n % 50 == 0) Sleep(1ms);
      }
    });
  }
}

struct NamedBody {
  const char* name;
  void (*body)();
  std::uint64_t max_steps = 100'000;
  friend std::ostream& operator<<(std::ostream& out, const NamedBody& b) { return out << b.name; }
};

constexpr NamedBody kBodies[] = {
    {"WorkerPool", WorkerPool}, {"Selects", Selects},
    {"Faults", Faults},         {"SpentFaults", SpentFaults},
    {"FuzzedData", FuzzedData}, {"NestedSpawns", NestedSpawns},
    {"Locks", Locks},           {"Tickers", Tickers},
    {"Panics", Panics},         {"OutlastsAHold", OutlastsAHold},
    {"Spins", Spins},           {"PastTheStepLimit", PastTheStepLimit, 500}};

// Any answer that is offered, with any silence in between: what strategies to come may do.
class AnyDecider final : public Decider {
 public:
  explicit AnyDecider(std::uint64_t seed)
      : random_(seed), busy_(2 + seed % 40), quiet_(seed % 3 == 0 ? 0 : 1 + seed % 20) {
    fires_timers_early = seed % 5 != 0;
    Rest();
  }
  Choice Schedule(const SchedulePoint& point) override {
    Rest();
    if (random_() % busy_ != 0) return point.canonical;
    std::vector<Choice> offered;
    if (point.current != nullptr) {
      offered.push_back(Choice::Task(point.current));
      offered.push_back(Choice::Hold(point.current));
    }
    for (std::size_t i = 0; i < point.ready.size(); ++i)
      offered.push_back(Choice::Task(point.ready[i]));
    for (SimTask* task : point.held) offered.push_back(Choice::Task(task));
    for (Fault* fault : point.faults) offered.push_back(Choice::Fault(fault));
    // When it does not fire timers early, it is not asked everywhere.
    if (point.timers != nullptr &&
        (fires_timers_early || (point.current == nullptr && point.ready.empty())))
      offered.push_back(Choice::Timer(point.timers->SomeDue(random_())));
    return offered.empty() ? point.canonical : offered[random_() % offered.size()];
  }
  std::uint32_t Case(SimTask*, const Operation&, std::span<const std::uint32_t> ready) override {
    return ready[random_() % ready.size()];
  }
  bool TakeFault(SimTask*, const Operation&) override { return random_() % 8 == 0; }
  std::int64_t Data(SimTask*, const Operation&, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override {
    const std::int64_t values[] = {lo, hi, canonical, lo < hi ? lo + 1 : lo};
    return values[random_() % 4];
  }

 private:
  void Rest() { quiet = quiet_ == 0 ? 0 : static_cast<std::uint32_t>(random_() % quiet_); }

  std::mt19937_64 random_;
  const std::uint64_t busy_;
  const std::uint64_t quiet_;
};

RunOptions Limits(const NamedBody& body) { return {.max_steps = body.max_steps}; }

RunResult Follow(Simulator& simulator, const NamedBody& body, const Schedule& schedule) {
  ReplayDecider decider(schedule);
  decider.Begin();
  return simulator.Run(body.body, decider, Limits(body));
}

void ExpectSame(const RunResult& first, const RunResult& again) {
  EXPECT_EQ(again.trace_hash, first.trace_hash);
  EXPECT_EQ(again.end, first.end);
  EXPECT_EQ(again.steps, first.steps);
  EXPECT_EQ(again.tasks, first.tasks);
  EXPECT_EQ(again.time, first.time);
  EXPECT_EQ(again.message, first.message);
}

// The run that was just made, by what it logged, again.
void ExpectReplays(Simulator& simulator, const NamedBody& body, const RunResult& first) {
  const Schedule schedule = ScheduleOf(simulator.log(), simulator.paths());
  EXPECT_EQ(schedule.size(), simulator.log().size()) << "each exception has a key of its own";
  ExpectSame(first, Follow(simulator, body, Schedule::Decode(schedule.Encode())));
  EXPECT_EQ(ScheduleOf(simulator.log(), simulator.paths()), schedule)
      << "every entry is reached, and no other is made";
}

class ReplayTest : public testing::TestWithParam<NamedBody> {};

INSTANTIATE_TEST_SUITE_P(Bodies, ReplayTest, testing::ValuesIn(kBodies),
                         [](const auto& info) { return std::string(info.param.name); });

// Property: for every body, seed and schedule of the random walk, the log as a schedule gives the
// same trace, end, number of steps and virtual time.
TEST_P(ReplayTest, RepeatsTheRandomWalk) {
  Simulator simulator;
  std::size_t exceptions = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto driver = MakeStrategy({.strategy = Strategy::kRandom, .seed = seed});
    for (std::uint64_t index = 0; index < 100; ++index) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", schedule " + std::to_string(index));
      ASSERT_TRUE(driver->Begin(index));
      const RunResult first = simulator.Run(GetParam().body, *driver, Limits(GetParam()));
      exceptions += simulator.log().size();
      ExpectReplays(simulator, GetParam(), first);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(exceptions, 500u) << "the walk must leave the canonical run";
}

// Property: the same for whatever is offered at each point, and for any silences in between.
TEST_P(ReplayTest, RepeatsAnyAnswers) {
  Simulator simulator;
  std::size_t exceptions = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    AnyDecider decider(seed);
    const RunResult first = simulator.Run(GetParam().body, decider, Limits(GetParam()));
    exceptions += simulator.log().size();
    ExpectReplays(simulator, GetParam(), first);
    if (HasFailure()) return;
  }
  EXPECT_GT(exceptions, 100u);
}

// Property: each subset of a schedule's entries is a schedule of its own, which repeats: what
// shrinking relies on.
TEST_P(ReplayTest, RepeatsPartsOfASchedule) {
  Simulator simulator;
  std::mt19937_64 random(7);
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    AnyDecider decider(seed);
    simulator.Run(GetParam().body, decider, Limits(GetParam()));
    std::vector<ScheduleEntry> entries = ScheduleOf(simulator.log(), simulator.paths()).entries();
    std::erase_if(entries, [&](const ScheduleEntry&) { return random() % 3 == 0; });
    const RunResult first = Follow(simulator, GetParam(), Schedule(entries));
    ExpectReplays(simulator, GetParam(), first);
    if (HasFailure()) return;
  }
}

// Property: every byte string is a schedule that runs to an end, and its log repeats it.
TEST_P(ReplayTest, RunsRandomPayloads) {
  Simulator simulator;
  std::mt19937_64 random(11);
  std::size_t exceptions = 0;
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    // Mostly small numbers: paths, operations and kinds that a body has.
    std::string payload(random() % 300, '\0');
    for (char& byte : payload)
      byte = static_cast<char>(random() % 16 == 0  ? random() % 256
                               : random() % 2 == 0 ? random() % 3
                                                   : random() % 12);
    const RunResult first = Follow(simulator, GetParam(), Schedule::Decode(payload));
    exceptions += simulator.log().size();
    ExpectReplays(simulator, GetParam(), first);
    if (HasFailure()) return;
  }
  EXPECT_GT(exceptions, 0u) << "some must mean something to the body";
}

TEST_P(ReplayTest, TheEmptyScheduleLogsNothing) {
  Simulator simulator;
  ExpectReplays(simulator, GetParam(), Follow(simulator, GetParam(), Schedule()));
  EXPECT_TRUE(simulator.log().empty());
}

TEST(ReplayDeciderRuns, ServesOneAfterAnother) {
  Simulator simulator;
  AnyDecider any(5);
  const RunResult first = simulator.Run(Selects, any, {});
  ReplayDecider decider(ScheduleOf(simulator.log(), simulator.paths()));
  for (int i = 0; i < 20; ++i) {
    decider.Begin();
    ExpectSame(first, simulator.Run(Selects, decider, {}));
  }
}

}  // namespace
