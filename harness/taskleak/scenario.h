// The catalogue's entries: one pattern, leaky and fixed side by side.
#ifndef TASKLEAK_SCENARIO_H_
#define TASKLEAK_SCENARIO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "taskleak/explore.h"
#include "taskleak/failure.h"

namespace taskleak {

// What a leaky variant must show. A wrong expectation fails.
struct Expectation {
  FailureKind kind = FailureKind::kLeak;
  std::string operation = {};  // In which the first group of tasks is blocked: "chan send".
  std::string task = {};       // Its tasks' name; "worker-*" matches worker-1.
  // All that stay, as "TASK: OPERATION", both with wildcards: "worker-*: chan send". Each task left
  // over matches one of these, and each of these a task, but for those that begin with '?', which
  // not every schedule leaves behind. Empty: not looked at.
  std::vector<std::string> remain = {};
};

struct Variant {
  std::string name = {};     // "fixed", "send_ignores_context".
  std::string summary = {};  // One line: what is wrong with it, or what makes it right.
  Body body = {};
  std::optional<Expectation> expected = {};  // Empty: it must hold under every schedule.
  ExploreOptions options = {};  // Its own defaults (max_steps, stack sizes, schedules).
  bool races = false;           // It has a data race, which ThreadSanitizer is to report.
  std::string yardstick = {};   // What the source measured, shown beside our own figures.
};

// Of a bug from the field: what its collectors say of it.
struct Origin {
  std::string category = {};  // "Resource: Double locking".
  std::string trigger = {};   // What has to happen for it to show.
  std::string natively = {};  // How often its source's own runtime showed it: "14 of 100".
};

struct Scenario {
  std::string name = {};     // "article/worker_pool": folder and file.
  std::string summary = {};  // One line.
  Origin origin = {};
  std::vector<Variant> variants = {};
};

// In the scenario's file, at namespace scope:  const RegisterScenario kRegister({.name = …,
// .variants = {…}});
class RegisterScenario {
 public:
  explicit RegisterScenario(Scenario scenario);
};

// All that this binary holds, sorted by name.
const std::vector<Scenario>& AllScenarios();

// Null if the failure is what was expected; else the difference in a sentence.
std::optional<std::string> Mismatch(const Expectation& expected, const Failure& failure);

}  // namespace taskleak

#endif  // TASKLEAK_SCENARIO_H_
