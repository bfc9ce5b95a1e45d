// A service VM is hot-removed under its lock by a helper that locks it again. Source: moby#36114,
// in GoBench's GoKer (CGO 2021). Trigger: none.
//
// Why the fixed one is quiet under every schedule: there is one task, and its helper relies on the
// lock that the caller holds.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Helper { kLocks, kLeavesItToTheCaller };

struct ServiceVm {
  explicit ServiceVm(Helper h) : helper(h) {}
  const Helper helper;
  Mutex mu;
};

void HotRemove(ServiceVm& vm) {
  if (vm.helper == Helper::kLeavesItToTheCaller) return;
  vm.mu.Lock();  // Stuck: the caller holds it.
  vm.mu.Unlock();
}

void HotAdd(ServiceVm& vm) {
  vm.mu.Lock();
  HotRemove(vm);
  vm.mu.Unlock();
}

void Run(Helper helper) {
  const auto vm = std::make_shared<ServiceVm>(helper);
  Go("adder", [vm] { HotAdd(*vm); });
}

const RegisterScenario kRegister({
    .name = "goker/moby_36114",
    .summary = "a helper that locks what its caller has locked",
    .origin = {.category = "Resource: Double locking",
               .trigger = "double lock in a callee",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the helper waits for its own caller",
             .body = [] { Run(Helper::kLocks); },
             .expected =
                 Expectation{.operation = "lock", .task = "adder", .remain = {"adder: lock"}}},
            {.name = "fixed",
             .summary = "the helper does not lock",
             .body = [] { Run(Helper::kLeavesItToTheCaller); }},
        },
});

}  // namespace
