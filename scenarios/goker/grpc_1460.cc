// The keepalive task waits to be woken while it holds the lock that a new stream takes to wake it.
// Source: grpc#1460, in GoBench's GoKer (CGO 2021). Trigger: the keepalive task locks before the
// first stream is there.
//
// Why the fixed one is quiet under every schedule: the keepalive task unlocks before it waits, so
// that the stream always gets the lock and wakes it. If it saw no stream, the stream is appended
// after it unlocked and is the first; the wake-up finds room in the channel, however early it
// comes.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Wait { kLocked, kUnlocked };

struct Transport {
  explicit Transport(Wait w) : wait(w) { wake = MakeChan<Unit>(wait == Wait::kUnlocked ? 1 : 0); }
  const Wait wait;
  Mutex mu;
  int streams = 0;
  Chan<Unit> wake;
};

void KeepAlive(Transport& transport) {
  transport.mu.Lock();
  if (transport.streams > 0) {
    transport.mu.Unlock();
    return;
  }
  if (transport.wait == Wait::kUnlocked) transport.mu.Unlock();
  transport.wake.Recv();  // Stuck: it holds the lock that the stream takes to wake it.
  if (transport.wait == Wait::kLocked) transport.mu.Unlock();
}

void NewStream(Transport& transport) {
  transport.mu.Lock();  // Stuck: the keepalive task holds it while it waits for this stream.
  ++transport.streams;
  if (transport.streams == 1) transport.wake.TrySend(Unit());
  transport.mu.Unlock();
}

void Run(Wait wait) {
  const auto transport = std::make_shared<Transport>(wait);
  Go("keepalive", [transport] { KeepAlive(*transport); });
  Go("stream", [transport] { NewStream(*transport); });
}

const RegisterScenario kRegister({
    .name = "goker/grpc_1460",
    .summary = "waiting for a wake-up while holding the lock of the one who wakes",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "keepalive takes the lock first and waits while holding it",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary =
                 "the keepalive task waits with the lock held, the stream waits for the lock",
             .body = [] { Run(Wait::kLocked); },
             .expected = Expectation{.remain = {"keepalive: chan recv", "stream: lock"}}},
            {.name = "fixed",
             .summary = "it unlocks before it waits, and the wake-up stays until it is received",
             .body = [] { Run(Wait::kUnlocked); }},
        },
});

}  // namespace
