// Who assigns a token sends it to the keeper with the token lock held, and the keeper takes that
// lock for every token it knows when its ticker ticks. Source: etcd#7492, in GoBench's GoKer (CGO
// 2021). Trigger: the keeper knows one token, another fills the channel, a third assigner waits in
// its send with the lock held, and the tick is what the keeper saw.
//
// Why the fixed one is quiet under every schedule: assigners send with nothing held, so that the
// keeper gets the lock, comes back to its select and receives; root asks it to stop when all have
// sent, which is the last that it does.
#include <chrono>
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace std::chrono_literals;

enum class Assign { kSendsLocked, kSendsUnlocked };

struct TokenStore {
  explicit TokenStore(Assign a) : assign(a) {}
  const Assign assign;
  RWMutex mu;
  Chan<int> add = MakeChan<int>(1);
  Chan<Chan<Unit>> stop = MakeChan<Chan<Unit>>();
  WaitGroup assigners;
};

void Keep(TokenStore& store) {
  Ticker ticker = NewTicker(1ns);
  bool token = false;
  for (;;) {
    Chan<Unit> reply;
    switch (Select(OnRecv(store.add), OnRecv(ticker.C()),
                   OnRecv(store.stop, [&reply](std::optional<Chan<Unit>> r) { reply = *r; }))) {
      case 0:
        token = true;
        break;
      case 1:
        if (!token) break;
        store.mu.Lock();  // Stuck: an assigner holds it while it waits for this keeper.
        store.mu.Unlock();
        token = false;
        break;
      default:
        ticker.Stop();
        reply.Send(Unit());
        return;
    }
  }
}

void AssignToken(TokenStore& store, int token) {
  store.mu.Lock();  // Stuck: another assigner holds it in its send.
  if (store.assign == Assign::kSendsUnlocked) store.mu.Unlock();
  store.add.Send(token);  // Stuck: the keeper wants the lock before it receives again.
  if (store.assign == Assign::kSendsLocked) store.mu.Unlock();
}

void Run(Assign assign) {
  const auto store = std::make_shared<TokenStore>(assign);
  Go("keeper", [store] { Keep(*store); });
  for (int i = 1; i <= 3; ++i)
    store->assigners.Go("assigner-" + std::to_string(i), [store, i] { AssignToken(*store, i); });
  store->assigners.Wait();
  const auto reply = MakeChan<Unit>();
  store->stop.Send(reply);
  reply.Recv();
  store->stop.Close();
}

const RegisterScenario kRegister({
    .name = "goker/etcd_7492",
    .summary = "a send under a lock that the receiver takes at its ticks",
    .origin = {.category = "Mixed: Channel & Lock",
               .trigger = "keeper in the tick branch wants the lock that a sender holds while the "
                          "token channel is full",
               .natively = "3 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the keeper wants the lock that a sender holds while the channel is full",
             .body = [] { Run(Assign::kSendsLocked); },
             .expected = Expectation{.kind = FailureKind::kDeadlock,
                                     .remain = {"root: waitgroup wait", "keeper: lock",
                                                "assigner-*: chan send", "?assigner-*: lock"}},
             .options = {.max_steps = 20'000}},
            {.name = "fixed",
             .summary = "the assigners unlock before they send",
             .body = [] { Run(Assign::kSendsUnlocked); },
             .options = {.max_steps = 20'000}},
        },
});

}  // namespace
