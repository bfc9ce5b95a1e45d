#include "taskleak/scenario.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "harness/explore/judge.h"

namespace taskleak {
namespace {

std::vector<Scenario>& Registered() {
  static std::vector<Scenario> scenarios;
  return scenarios;
}

}  // namespace

RegisterScenario::RegisterScenario(Scenario scenario) {
  std::vector<Scenario>& all = Registered();
  const auto place =
      std::lower_bound(all.begin(), all.end(), scenario,
                       [](const Scenario& a, const Scenario& b) { return a.name < b.name; });
  all.insert(place, std::move(scenario));
}

const std::vector<Scenario>& AllScenarios() { return Registered(); }

std::optional<std::string> Mismatch(const Expectation& expected, const Failure& failure) {
  if (failure.kind != expected.kind)
    return std::string("expected a ") + ToString(expected.kind) + ", got a " +
           ToString(failure.kind);
  if (failure.leaked.empty()) return std::nullopt;
  // The most telling task is the report's first.
  const auto first =
      std::min_element(failure.leaked.begin(), failure.leaked.end(),
                       [](const TaskSnapshot& a, const TaskSnapshot& b) {
                         return internal::Rank(a.operation) < internal::Rank(b.operation);
                       });
  if (!expected.operation.empty() && first->operation != expected.operation)
    return "expected a task blocked in " + expected.operation + ", got one in " + first->operation;
  if (!expected.task.empty() && fnmatch(expected.task.c_str(), first->name.c_str(), 0) != 0)
    return "expected \"" + expected.task + "\" to stay, got \"" + first->name + "\"";
  return std::nullopt;
}

}  // namespace taskleak
