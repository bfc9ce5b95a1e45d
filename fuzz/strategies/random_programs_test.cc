// The exhaustive strategy against brute force, on programs drawn from seeds.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "fuzz/strategies/brute_force.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::ExpectTheSame;
using taskleak::internal::ExploreAll;
using taskleak::internal::Found;
using taskleak::internal::Log;
using taskleak::internal::Program;
using taskleak::internal::Reduction;

// A small program drawn from a seed: two or three tasks, root among them, of a few operations each
// on a few things that they share.
void RandomProgram(std::uint64_t seed, bool with_time, Log& log) {
  struct Things {
    Chan<int> a = MakeChan<int>();
    Chan<int> b = MakeChan<int>(1);
    Mutex mutex;
    RWMutex rw;
    WaitGroup group;
    Cond cond{mutex};
    Context ctx;
    CancelFunc cancel;
    std::optional<Timer> timer;
  };
  const auto things = std::make_shared<Things>();
  std::tie(things->ctx, things->cancel) =
      with_time ? WithTimeout(Background(), 2ms) : WithCancel(Background());
  if (with_time) things->timer = NewTimer(1ms);
  std::mt19937_64 random(seed);
  const auto draw = [&random](std::uint64_t n) { return static_cast<int>(random() % n); };
  if (draw(4) == 0) MayCancel(things->cancel);
  if (draw(4) == 0) MayClose(things->b);
  const auto run = [things, &log](int task, const std::vector<int>& ops) {
    Things& t = *things;
    const auto say = [&log, task](std::int64_t what) { log(task, what); };
    for (const int op : ops) {
      try {
        switch (op) {
          case 0:
            t.a.Send(task);
            break;
          case 1:
            say(t.a.Recv().value_or(-1));
            break;
          case 2:
            t.b.Send(task);
            break;
          case 3:
            say(t.b.Recv().value_or(-1));
            break;
          case 4:
            say(t.a.TrySend(task) ? 1 : 0);
            break;
          case 5:
            say(t.b.TryRecv().ready ? 1 : 0);
            break;
          case 6:
            t.b.Close();
            break;
          case 7:
            say(static_cast<std::int64_t>(Select(OnRecv(t.a), OnSend(t.b, task))));
            break;
          case 8:
            say(static_cast<std::int64_t>(Select(OnRecv(t.b), OnRecv(t.ctx.Done()))));
            break;
          case 9:
            say(static_cast<std::int64_t>(Select(OnSend(t.a, task), OnDefault())));
            break;
          case 10:
            t.mutex.Lock();
            t.mutex.Unlock();
            break;
          case 11:
            if (t.mutex.TryLock()) {
              say(1);
              t.mutex.Unlock();
            }
            break;
          case 12:
            t.rw.RLock();
            say(static_cast<std::int64_t>(t.b.Len()));
            t.rw.RUnlock();
            break;
          case 13:
            t.rw.Lock();
            t.rw.Unlock();
            break;
          case 14:
            t.group.Add(1);
            break;
          case 15:
            t.group.Done();
            break;
          case 16:
            t.group.Wait();
            break;
          case 17:
            t.cancel();
            break;
          case 18:
            say(t.ctx.Err() == ContextError::kNone ? 0 : 1);
            break;
          case 19:
            t.mutex.Lock();
            t.cond.Wait();
            t.mutex.Unlock();
            break;
          case 20:
            t.cond.Signal();
            break;
          case 21:
            say(EarlyReturn("here") ? 1 : 0);
            break;
          case 22:
            Go("child", [things] { things->b.TrySend(9); });
            break;
          case 23:
            AfterFunc(t.ctx, [things] { things->b.TrySend(8); });
            break;
          case 24:
            Sleep(1ms);
            break;
          case 25:
            say(Now().time_since_epoch().count());
            break;
          case 26:
            if (t.timer) say(t.timer->Stop() ? 1 : 0);
            break;
          case 27:
            if (t.timer) say(t.timer->Reset(1ms) ? 1 : 0);
            break;
          case 28:
            if (t.timer) say(static_cast<std::int64_t>(Select(OnRecv(t.timer->C()), OnRecv(t.b))));
            break;
          default:
            Yield();
            break;
        }
      } catch (const Panic&) {
        log(task, "panic");
      }
    }
  };
  const int tasks = 2 + draw(2);
  for (int task = tasks - 1; task >= 0; --task) {
    std::vector<int> ops;
    for (int n = 1 + draw(tasks == 2 ? 4 : 2); n > 0; --n) ops.push_back(draw(with_time ? 30 : 24));
    if (task == 0)
      run(0, ops);
    else
      Go("t" + std::to_string(task), [run, task, ops] { run(task, ops); });
  }
}

// The same property, for programs drawn from seeds. Of
// those that have too many schedules for brute force nothing is known.
TEST(RandomPrograms, ShowTheSameOutcomesWithAndWithoutReduction) {
  constexpr std::uint64_t kMost = 2'000;
  constexpr std::uint64_t kSeeds = 300;
  std::uint64_t compared = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::uint64_t kind = seed % 3;  // Without time, with it, and with timers at any time.
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Program program{
        "", [=](Log& log) { RandomProgram(seed, kind > 0, log); }, {.early_timers = kind == 2}};
    const Found all = ExploreAll(program, Reduction::kNone, kMost);
    if (!all.proven) continue;
    ++compared;
    ExpectTheSame(program, all);
  }
  EXPECT_GT(compared, kSeeds / 2);
}

}  // namespace
