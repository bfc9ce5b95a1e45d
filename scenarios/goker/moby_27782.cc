// A log follower that is told of the logger's end removes its watch, which waits for a condition
// that nobody signals; so it never says that it is done, and the watch goes on offering events.
// Source: moby#27782, in GoBench's GoKer (CGO 2021). Trigger: the follower has registered when the
// logger is closed, and takes the notification and not an event.
//
// Why the fixed one is quiet under every schedule: the removal does not wait, so that the follower
// closes `done` on each way out, and all that the watch waits for is watched together with it. A
// follower that was not notified takes an event, which the watch offers until then.
#include <chrono>
#include <memory>
#include <vector>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Removal { kWaits, kJustRemoves };

struct Watcher {
  Mutex mu;
  Cond removed{mu};
  Chan<int> events = MakeChan<int>();
  Chan<Unit> done = MakeChan<Unit>();
};

struct Reader {
  Chan<Unit> notify = MakeChan<Unit>();
  Once once;
};

struct Logger {
  explicit Logger(Removal r) : removal(r) {}
  const Removal removal;
  Mutex mu;
  std::vector<std::shared_ptr<Reader>> readers;
};

void ReadEvents(const Watcher& watcher) {
  while (!watcher.done.TryRecv().ready) {
    Sleep(300ns);
    if (Select(OnSend(watcher.events, 1), OnRecv(watcher.done)) == 1) break;
  }
  watcher.events.Close();
}

void Remove(Watcher& watcher, Removal removal) {
  if (removal == Removal::kJustRemoves) return;
  watcher.mu.Lock();
  watcher.removed.Wait();  // Stuck: no event of the kind that would signal ever comes.
  watcher.mu.Unlock();
}

void Follow(Logger& logger) {
  const auto reader = std::make_shared<Reader>();
  logger.mu.Lock();
  logger.readers.push_back(reader);
  logger.mu.Unlock();
  const auto watcher = std::make_shared<Watcher>();
  Go("watcher", [watcher] { ReadEvents(*watcher); });
  Sleep(300ns);
  if (Select(OnRecv(watcher->events), OnRecv(reader->notify)) == 1)
    Remove(*watcher, logger.removal);
  watcher->done.Close();
}

void Close(Logger& logger) {
  logger.mu.Lock();
  for (const std::shared_ptr<Reader>& reader : logger.readers)
    reader->once.Do([&reader] { reader->notify.Close(); });
  logger.mu.Unlock();
}

void Run(Removal removal) {
  const auto logger = std::make_shared<Logger>(removal);
  Go("container", [logger] {
    Go("follower", [logger] { Follow(*logger); });
    Close(*logger);
  });
}

const RegisterScenario kRegister({
    .name = "goker/moby_27782",
    .summary = "removing a watch waits for a signal that nobody gives",
    .origin = {.category = "Comm: Channel & Condition Variable",
               .trigger = "follower picks the close notification and waits on a Cond nobody "
                          "signals; producer waits for its done",
               .natively = "26 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the follower waits on a condition, the watch for the follower",
             .body = [] { Run(Removal::kWaits); },
             .expected = Expectation{.remain = {"follower: cond wait", "watcher: select"}}},
            {.name = "fixed",
             .summary = "the removal does not wait",
             .body = [] { Run(Removal::kJustRemoves); }},
        },
});

}  // namespace
