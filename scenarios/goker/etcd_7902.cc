// In an election's rounds each client waits for the leader's release with the lock held that the
// leader needs to release. Source: etcd#7902, in GoBench's GoKer (CGO 2021). Trigger: a follower
// comes to its release before the leader.
//
// Why the fixed one is quiet under every schedule: clients wait with nothing held, and the channel
// that a client waits for is closed either by the leader's next release or, behind its last one,
// when the leader leaves the one that is then next closed too.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Release { kLocked, kUnlocked };

constexpr int kClients = 3;
constexpr int kRounds = 20;  // The original's 100 only raise the odds.

struct Election {
  explicit Election(Release r) : release(r) {}
  const Release release;
  Mutex mu;
  Mutex next_mu;
  Chan<Unit> next = MakeChan<Unit>();
  WaitGroup clients;
};

Chan<Unit> Next(Election& election) {
  election.next_mu.Lock();
  const Chan<Unit> next = election.next;
  election.next_mu.Unlock();
  return next;
}

// The leader lets go those who wait, and makes them wait anew; all wait for the leader.
void ReleaseRound(Election& election, bool leader, const Chan<Unit>& mine) {
  if (leader) {
    election.next_mu.Lock();
    election.next.Close();
    election.next = MakeChan<Unit>();
    election.next_mu.Unlock();
  }
  mine.Recv();  // Stuck: the leader cannot release without the lock that is held here.
}

void Campaign(Election& election, bool leader) {
  for (int round = 0; round < kRounds; ++round) {
    election.mu.Lock();  // Stuck: a client waits for the leader with it.
    const Chan<Unit> mine = Next(election);
    election.mu.Unlock();
    if (election.release == Release::kLocked) {
      election.mu.Lock();  // Stuck: the same.
      ReleaseRound(election, leader, mine);
      election.mu.Unlock();
    } else {
      ReleaseRound(election, leader, mine);
    }
  }
  if (leader && election.release == Release::kUnlocked) Next(election).Close();
}

void Run(Release release) {
  const auto election = std::make_shared<Election>(release);
  Go("test", [election] {
    for (int i = 0; i < kClients; ++i)
      election->clients.Go((i == 0 ? "leader" : "follower-") + (i == 0 ? "" : std::to_string(i)),
                           [election, i] { Campaign(*election, i == 0); });
    election->clients.Wait();
  });
}

const RegisterScenario kRegister({
    .name = "goker/etcd_7902",
    .summary = "waiting for the leader with the lock that the leader needs",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "waiting for the leader while holding the lock the leader needs",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "a follower waits for the leader's release and keeps it from it",
             .body = [] { Run(Release::kLocked); },
             .expected = Expectation{.remain = {"test: waitgroup wait", "follower-*: chan recv",
                                                "?follower-*: lock", "?leader: lock"}}},
            {.name = "fixed",
             .summary = "clients wait with nothing held",
             .body = [] { Run(Release::kUnlocked); }},
        },
});

}  // namespace
