// A watcher begins with sending its initial events to a receiver that stops it without having
// received them. Source: kubernetes#38669, in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: each send of an event watches `done`, which stop
// closes together with the input, and stop blocks for nothing but the lock, under which nobody
// waits. The watcher's own stop at its end finds that it has been stopped.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Send { kAlone, kWithDone };

struct Watcher {
  explicit Watcher(Send s) : send(s) {
    input = MakeChan<int>();
    result = MakeChan<int>();
    done = MakeChan<Unit>();
  }
  const Send send;
  Mutex mu;
  bool stopped = false;
  Chan<int> input;
  Chan<int> result;
  Chan<Unit> done;
};

void Stop(Watcher& watcher) {
  watcher.mu.Lock();
  if (!watcher.stopped) {
    watcher.stopped = true;
    if (watcher.send == Send::kWithDone) watcher.done.Close();
    watcher.input.Close();
  }
  watcher.mu.Unlock();
}

void SendEvent(const Watcher& watcher, int event) {
  if (watcher.send == Send::kAlone) {
    watcher.result.Send(event);  // Stuck: the receiver has stopped the watcher and gone.
  } else {
    Select(OnSend(watcher.result, event), OnRecv(watcher.done));
  }
}

void Process(Watcher& watcher) {
  for (int event = 1; event <= 2; ++event) SendEvent(watcher, event);
  for (const int event : watcher.input) SendEvent(watcher, event);
  Stop(watcher);
  watcher.result.Close();
}

void Run(Send send) {
  const auto watcher = std::make_shared<Watcher>(send);
  Go("watcher", [watcher] { Process(*watcher); });
  Stop(*watcher);
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_38669",
    .summary = "initial events for a receiver that stops at once",
    .origin = {.category = "Comm: Channel",
               .trigger = "initial events sent to a result channel nobody reads",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the watcher sends its first event, which nobody receives",
             .body = [] { Run(Send::kAlone); },
             .expected = Expectation{.operation = "chan send",
                                     .task = "watcher",
                                     .remain = {"watcher: chan send"}}},
            {.name = "fixed",
             .summary = "the sends watch a channel that stop closes",
             .body = [] { Run(Send::kWithDone); }},
        },
});

}  // namespace
