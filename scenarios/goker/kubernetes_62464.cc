// A function that holds a read lock calls helpers that read-lock again, and a writer that comes in
// between makes the second read lock wait for it, while it waits for the first. Source:
// kubernetes#62464, in GoBench's GoKer (CGO 2021). Trigger: the writer comes after the outer read
// lock and before one of the inner ones.
//
// Why the fixed one is quiet under every schedule: the helpers do not lock, so that no task waits
// for a lock while it holds one.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Helpers { kLock, kLeaveItToTheCaller };

struct State {
  explicit State(Helpers h) : helpers(h) {}
  const Helpers helpers;
  RWMutex mu;
};

bool GetDefaultSet(State& state) {
  if (state.helpers == Helpers::kLeaveItToTheCaller) return FuzzBool();
  state.mu.RLock();  // Stuck: a writer waits for the caller's read lock, and goes first.
  const bool found = FuzzBool();
  state.mu.RUnlock();
  return found;
}

void GetSet(State& state) {
  if (state.helpers == Helpers::kLeaveItToTheCaller) return;
  state.mu.RLock();  // Stuck: the same, one helper later.
  state.mu.RUnlock();
}

void Read(State& state) {
  state.mu.RLock();
  if (!GetDefaultSet(state)) GetSet(state);
  state.mu.RUnlock();
}

void ReadThenWrite(State& state) {
  state.mu.RLock();
  state.mu.RUnlock();
  state.mu.Lock();  // Stuck: the reader keeps its outer read lock while it waits for this writer.
  state.mu.Unlock();
}

void Run(Helpers helpers) {
  const auto state = std::make_shared<State>(helpers);
  Go("reader", [state] { Read(*state); });
  Go("writer", [state] { ReadThenWrite(*state); });
}

const RegisterScenario kRegister({
    .name = "goker/kubernetes_62464",
    .summary = "a read lock taken twice, with a writer in between",
    .origin = {.category = "Resource: RWR deadlock",
               .trigger = "writer between nested read locks",
               .natively = "12 of 5245"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the inner read lock waits for a writer that waits for the outer one",
             .body = [] { Run(Helpers::kLock); },
             .expected = Expectation{.remain = {"reader: rlock", "writer: lock"}}},
            {.name = "fixed",
             .summary = "the helpers do not lock",
             .body = [] { Run(Helpers::kLeaveItToTheCaller); }},
        },
});

}  // namespace
