// A stopper that is being closed waits, with its lock held, until all tasks are drained; but no
// task says that it is done, and one that asks late waits for that lock. Source: cockroach#1055, in
// GoBench's GoKer (CGO 2021). Trigger: a worker registers its task before the closer drains, or
// has seen that nobody drains and locks when the closer waits already.
//
// Why the fixed one is quiet under every schedule: who registers looks at the flag under the lock,
// so that nobody registers once it is set; each registered task is done at once; and the closer
// waits with nothing held, behind a close of `quit` that lets every worker end.
#include <array>
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Drain { kLocked, kUnlocked };

struct Stopper {
  Mutex mu;
  Atomic<int> draining = 0;
  WaitGroup drain;
  WaitGroup stop;
  Chan<Unit> quit = MakeChan<Unit>();
};

struct Server {
  explicit Server(Drain d) : drain(d) {}
  const Drain drain;
  std::array<Stopper, 3> stoppers;
  Chan<Unit> done = MakeChan<Unit>();
};

void RunTask(Drain drain, Stopper& stopper) {
  if (drain == Drain::kUnlocked) {
    stopper.mu.Lock();
    const bool runs = stopper.draining.load() == 0;
    if (runs) stopper.drain.Add(1);
    stopper.mu.Unlock();
    if (runs) stopper.drain.Done();
    return;
  }
  if (stopper.draining.load() != 0) return;
  stopper.mu.Lock();  // Stuck: the closer holds it, and waits for this very worker.
  stopper.drain.Add(1);
  stopper.mu.Unlock();
}

void Work(Drain drain, Stopper& stopper) {
  RunTask(drain, stopper);
  stopper.quit.Recv();  // Stuck: the closer does not come to close it.
  stopper.stop.Done();
}

void Quiesce(Drain drain, Stopper& stopper) {
  stopper.mu.Lock();
  stopper.draining.store(1);
  if (drain == Drain::kUnlocked) stopper.mu.Unlock();
  stopper.drain.Wait();
  if (drain == Drain::kUnlocked) return;
  stopper.draining.store(0);
  stopper.mu.Unlock();
}

void Stop(Drain drain, Stopper& stopper) {
  stopper.mu.Lock();
  stopper.draining.store(1);
  if (drain == Drain::kUnlocked) stopper.mu.Unlock();
  stopper.drain.Wait();
  stopper.quit.Close();
  stopper.stop.Wait();
  if (drain == Drain::kLocked) stopper.mu.Unlock();
}

void Run(Drain drain) {
  const auto server = std::make_shared<Server>(drain);
  for (int i = 0; i < 3; ++i) {
    server->stoppers[i].stop.Add(1);
    Go("worker-" + std::to_string(i + 1),
       [server, i] { Work(server->drain, server->stoppers[i]); });
  }
  Go("closer", [server] {
    for (Stopper& stopper : server->stoppers) Quiesce(server->drain, stopper);
    for (Stopper& stopper : server->stoppers) Stop(server->drain, stopper);
    server->done.Close();
  });
  server->done.Recv();
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_1055",
    .summary = "a closer that waits with its lock held for tasks that are never done",
    .origin = {.category = "Mixed: Channel & WaitGroup",
               .trigger = "worker registers a task before the closer drains",
               .natively = "14 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "a worker has registered, or locks, while the closer waits for it",
             .body = [] { Run(Drain::kLocked); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .task = "worker-*",
                                     .remain = {"root: chan recv", "closer: waitgroup wait",
                                                "?worker-*: chan recv", "?worker-*: lock"}}},
            {.name = "fixed",
             .summary = "tasks say that they are done, and the closer waits with nothing held",
             .body = [] { Run(Drain::kUnlocked); }},
        },
});

}  // namespace
