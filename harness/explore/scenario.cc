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

bool Matches(const std::string& pattern, const std::string& text) {
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

// The tasks that stay against those that are expected to.
std::optional<std::string> WrongRemainder(const std::vector<std::string>& expected,
                                          const std::vector<TaskSnapshot>& leaked) {
  std::vector<bool> met(expected.size());
  for (const TaskSnapshot& task : leaked) {
    const std::string remains = task.name + ": " + task.operation;
    bool wanted = false;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const bool optional = expected[i].starts_with('?');
      if (!Matches(expected[i].substr(optional ? 1 : 0), remains)) continue;
      wanted = true;
      met[i] = true;
    }
    if (!wanted) return "\"" + remains + "\" stays, which was not expected";
  }
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!met[i] && !expected[i].starts_with('?'))
      return "expected \"" + expected[i] + "\" to stay, which does not";
  return std::nullopt;
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
  const TaskSnapshot& first = internal::MostTelling(failure.leaked);
  if (!expected.operation.empty() && first.operation != expected.operation)
    return "expected a task blocked in " + expected.operation + ", got one in " + first.operation;
  if (!expected.task.empty() && !Matches(expected.task, first.name))
    return "expected \"" + expected.task + "\" to stay, got \"" + first.name + "\"";
  if (expected.remain.empty()) return std::nullopt;
  return WrongRemainder(expected.remain, failure.leaked);
}

}  // namespace taskleak
