// The reflector locks the cacher and then its watch cache, while an event locks the watch cache and
// then the cacher. Source: kubernetes#13135, in GoBench's GoKer (CGO 2021). Trigger: in its second
// or a later round the reflector has the cacher's lock while the event has the watch cache's.
//
// Why the fixed one is quiet under every schedule: the reflector unlocks the cacher before it locks
// the watch cache, so that nobody holds the cacher's lock while waiting for anything. Its rounds
// are bounded, and the first of them, which needs nobody else, lets root go on.
#include <chrono>
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Replace { kCacherLocked, kCacherUnlocked };

constexpr int kRounds = 30;  // Unbounded in the original.

struct Cacher {
  explicit Cacher(Replace r) : replace(r) {
    stop = MakeChan<Unit>();
    initialized.Add(1);
  }
  const Replace replace;
  Mutex mu;
  RWMutex watch_cache_mu;
  WaitGroup initialized;
  Once once;
  Chan<Unit> stop;
};

void OnReplace(Cacher& cacher) {
  cacher.once.Do([&cacher] { cacher.initialized.Done(); });
  if (cacher.replace == Replace::kCacherLocked) cacher.mu.Unlock();
}

void Reflect(Cacher& cacher) {
  for (int round = 0; round < kRounds && !cacher.stop.TryRecv().ready; ++round) {
    cacher.mu.Lock();
    if (cacher.replace == Replace::kCacherUnlocked) cacher.mu.Unlock();
    cacher.watch_cache_mu.Lock();  // Stuck: the event holds it while it waits for the cacher.
    OnReplace(cacher);
    cacher.watch_cache_mu.Unlock();
    Sleep(0ns);
  }
}

void OnEvent(Cacher& cacher) {
  cacher.mu.Lock();  // Stuck: the reflector holds it while it waits for the watch cache.
  cacher.mu.Unlock();
}

void Update(Cacher& cacher) {
  cacher.watch_cache_mu.Lock();
  OnEvent(cacher);
  cacher.watch_cache_mu.Unlock();
}

void Run(Replace replace) {
  const auto cacher = std::make_shared<Cacher>(replace);
  Go("reflector", [cacher] { Reflect(*cacher); });
  cacher->initialized.Wait();
  Go("event", [cacher] { Update(*cacher); });
  Go("stopper", [cacher] { cacher->stop.Close(); });
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_13135",
    .summary = "two locks taken in opposite orders, by a loop and by an event",
    .origin = {.category = "Resource: AB-BA deadlock",
               .trigger =
                   "AB-BA between the cacher lock and the watch-cache lock in a re-list loop",
               .natively = "46 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the reflector and an event each hold the lock that the other waits for",
             .body = [] { Run(Replace::kCacherLocked); },
             .expected = Expectation{.operation = "lock",
                                     .remain = {"reflector: lock", "event: lock"}}},
            {.name = "fixed",
             .summary = "the reflector unlocks the cacher before it locks the watch cache",
             .body = [] { Run(Replace::kCacherUnlocked); }},
        },
});

}  // namespace
