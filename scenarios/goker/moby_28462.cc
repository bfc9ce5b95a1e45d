// A container's health monitor is told to stop by a send, with the container locked, while the
// monitor locks the container for its next probe. Source: moby#28462, in GoBench's GoKer (CGO
// 2021). Trigger: the monitor has seen no stop and stands before the lock when the stopper holds
// it.
//
// Why the fixed one is quiet under every schedule: a close does not wait, so that the lock is given
// back, and the monitor finds `stop` closed in its next round.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Stop { kSends, kCloses };

struct Container {
  explicit Container(Stop s) : stop_by(s) {}
  const Stop stop_by;
  Mutex mu;
  Chan<Unit> stop = MakeChan<Unit>();
};

void Monitor(Container& container) {
  while (Select(OnRecv(container.stop), OnDefault()) == 1) {
    container.mu.Lock();  // Stuck: the stopper holds it, and waits for this monitor.
    container.mu.Unlock();
  }
}

void StopMonitor(Container& container) {
  container.mu.Lock();
  if (container.stop_by == Stop::kSends) {
    container.stop.Send(Unit());  // Stuck: the monitor waits for the lock that is held here.
  } else {
    container.stop.Close();
  }
  container.mu.Unlock();
}

void Run(Stop stop) {
  const auto container = std::make_shared<Container>(stop);
  Go("monitor", [container] { Monitor(*container); });
  Go("stopper", [container] { StopMonitor(*container); });
}

const RegisterScenario kRegister({
    .name = "goker/moby_28462",
    .summary = "a stop sent with the lock that the receiver is about to take",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "stop is sent while holding the lock the monitor is about to take",
               .natively = "66 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the stopper waits for the monitor, and the monitor for the lock",
             .body = [] { Run(Stop::kSends); },
             .expected = Expectation{.remain = {"monitor: lock", "stopper: chan send"}}},
            {.name = "fixed", .summary = "the stop is a close", .body = [] { Run(Stop::kCloses); }},
        },
});

}  // namespace
