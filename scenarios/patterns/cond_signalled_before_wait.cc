// A condition is signalled before anybody waits for it, and the waiter does not look whether there
// is still something to wait for. Source: the documentation of Go's sync.Cond and of POSIX's
// pthread_cond_signal: a signal is not remembered.
//
// Why the fixed one is quiet under every schedule: the flag is set and looked at under the lock, so
// that either it is seen, or the signal comes to one who waits.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Waiter { kJustWaits, kLooksFirst };

struct Mailbox {
  Mutex mu;
  Cond arrived{mu};
  bool has_mail = false;
};

void Await(Mailbox& mailbox, Waiter waiter) {
  mailbox.mu.Lock();
  if (waiter == Waiter::kJustWaits || !mailbox.has_mail) {
    mailbox.arrived.Wait();  // Stuck: the signal came before.
  }
  mailbox.mu.Unlock();
}

void Deliver(Mailbox& mailbox) {
  mailbox.mu.Lock();
  mailbox.has_mail = true;
  mailbox.arrived.Signal();
  mailbox.mu.Unlock();
}

void Run(Waiter waiter) {
  const auto mailbox = std::make_shared<Mailbox>();
  Go("reader", [mailbox, waiter] { Await(*mailbox, waiter); });
  Go("postman", [mailbox] { Deliver(*mailbox); });
}

const RegisterScenario kRegister({
    .name = "patterns/cond_signalled_before_wait",
    .summary = "a wait for a signal that has been given",
    .variants =
        {
            {.name = "leaky",
             .summary = "the reader waits without a look at the flag",
             .body = [] { Run(Waiter::kJustWaits); },
             .expected = Expectation{.operation = "cond wait",
                                     .task = "reader",
                                     .remain = {"reader: cond wait"}}},
            {.name = "fixed",
             .summary = "the reader waits only while the flag is not set",
             .body = [] { Run(Waiter::kLooksFirst); }},
        },
});

}  // namespace
