// A hub sends each message to one subscriber after the other, and one that has left without
// unsubscribing stops it for all. Source: the "slow consumer" of NATS and of many an event bus.
//
// Why the fixed one is quiet under every schedule: the hub drops what a subscriber has no room for,
// and so never waits; it closes the feeds behind its last message, which ends the readers.
#include <array>
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class WhenFull { kWaits, kDrops };

constexpr int kMessages = 3;

struct Hub {
  std::array<Chan<int>, 2> feeds{MakeChan<int>(1), MakeChan<int>(1)};
};

void Publish(const Hub& hub, WhenFull when_full) {
  for (int message = 0; message < kMessages; ++message) {
    for (const Chan<int>& feed : hub.feeds) {
      if (when_full == WhenFull::kDrops) {
        feed.TrySend(message);
      } else {
        feed.Send(message);  // Stuck: this subscriber has left, and its feed is full.
      }
    }
  }
  for (const Chan<int>& feed : hub.feeds) feed.Close();
}

void Subscribe(const Chan<int>& feed) {
  for ([[maybe_unused]] const int message : feed)
    if (EarlyReturn("lost interest")) return;
}

void Run(WhenFull when_full) {
  const auto hub = std::make_shared<Hub>();
  Go("hub", [hub, when_full] { Publish(*hub, when_full); });
  for (int i = 0; i < 2; ++i)
    Go("subscriber-" + std::to_string(i + 1), [hub, i] { Subscribe(hub->feeds[i]); });
}

const RegisterScenario kRegister({
    .name = "patterns/pubsub_slow_subscriber",
    .summary = "one subscriber that does not read stops the hub",
    .variants =
        {
            {.name = "leaky",
             .summary = "the hub waits for one that has left, and the other for the hub",
             .body = [] { Run(WhenFull::kWaits); },
             .expected = Expectation{.remain = {"hub: chan send", "?subscriber-*: chan recv"}}},
            {.name = "fixed",
             .summary = "what there is no room for is dropped",
             .body = [] { Run(WhenFull::kDrops); }},
        },
});

}  // namespace
