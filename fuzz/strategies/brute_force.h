// For the tests of the exhaustive strategy: small programs, and all that they can show.
#ifndef TASKLEAK_FUZZ_STRATEGIES_BRUTE_FORCE_H_
#define TASKLEAK_FUZZ_STRATEGIES_BRUTE_FORCE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>

#include "fuzz/strategies/exhaustive.h"
#include "src/registry/snapshot.h"
#include "src/runtime/sim/simulator.h"

namespace taskleak::internal {

// What the tasks of a program saw, each for itself: shared by nobody, so that it is no way for
// them to meet.
class Log {
 public:
  void operator()(int task, const std::string& what) { said_[task] += what + " "; }
  void operator()(int task, std::int64_t what) { (*this)(task, std::to_string(what)); }
  std::string Take() {
    std::string all;
    for (const auto& [task, text] : said_) all += std::to_string(task) + ": " + text + "\n";
    said_.clear();
    return all;
  }

 private:
  std::map<int, std::string> said_;
};

struct Program {
  std::string name;
  std::function<void(Log&)> body;
  FaultKinds kinds = {.early_timers = false};

  friend void PrintTo(const Program& program, std::ostream* out) { *out << program.name; }
};

struct Found {
  std::set<std::string> outcomes;
  std::uint64_t runs = 0;      // In all.
  std::uint64_t complete = 0;  // Without those left as repetitions.
  bool proven = false;
  bool cut_off = false;  // Some run was ended by a failure.
  std::string verdict;
};

inline Found ExploreAll(const Program& program, Reduction reduction, std::uint64_t limit = 400'000,
                        std::optional<int> preemption_bound = std::nullopt,
                        std::uint64_t max_steps = 2000) {
  Simulator simulator;
  StrategyConfig config;
  config.kinds = program.kinds;
  config.max_steps = max_steps;
  config.preemption_bound = preemption_bound;
  ExhaustiveStrategy strategy(config, reduction);
  Found found;
  Log log;
  while (found.runs < limit && strategy.Begin(found.runs)) {
    ++found.runs;
    std::string left;
    const RunResult result =
        simulator.Run([&] { program.body(log); }, strategy,
                      {.max_steps = max_steps, .kinds = program.kinds}, strategy.observer(),
                      [&](const RunResult& at_end) {
                        left = "end " + std::to_string(static_cast<int>(at_end.end)) + "\n";
                        std::set<std::string> tasks;
                        for (const TaskSnapshot& task : SnapshotTasks(simulator))
                          tasks.insert(task.name + " in " + task.operation);
                        for (const std::string& task : tasks) left += task + "\n";
                      });
    strategy.End(result);
    found.cut_off |= result.end == RunEnd::kPanic;
    const std::string said = log.Take();  // Of a run that was ended only the reason is certain.
    found.outcomes.insert((result.end == RunEnd::kPanic ? "" : said + left) + result.message);
  }
  found.complete = strategy.runs();
  while (strategy.BeginCount()) {
    simulator.Run([&] { program.body(log); }, strategy,
                  {.max_steps = max_steps, .kinds = program.kinds}, strategy.observer(), {});
    strategy.EndCount();
    log.Take();
  }
  found.proven = strategy.Proven();
  found.verdict = strategy.Verdict();
  return found;
}

// Property: the verdict of a search that reduces says how many schedules brute force has run: the
// number itself, or an estimate, which may be off by a third on trees as small as these.
inline void ExpectTheNumber(std::uint64_t runs, const std::string& verdict) {
  if (const std::size_t estimate = verdict.find("all of some "); estimate != std::string::npos) {
    const double some = std::stod(verdict.substr(estimate + 12));
    EXPECT_GT(some, static_cast<double>(runs) / 1.33) << verdict;
    EXPECT_LT(some, static_cast<double>(runs) * 1.33) << verdict;
  } else {
    EXPECT_THAT(verdict, testing::HasSubstr("verified: all " + std::to_string(runs) +
                                            (runs == 1 ? " schedule " : " schedules ")));
  }
}

// Property: with and without reduction, the same set of outcomes: what each task saw, how the run
// ended, who is left and in which operation. `all`: what brute force has found.
inline void ExpectTheSame(const Program& program, const Found& all) {
  const Found asleep = ExploreAll(program, Reduction::kSleepSets);
  const Found reduced = ExploreAll(program, Reduction::kSourceSets);
  EXPECT_TRUE(asleep.proven) << asleep.verdict;
  EXPECT_TRUE(reduced.proven) << reduced.verdict;
  EXPECT_EQ(all.outcomes, asleep.outcomes);
  EXPECT_EQ(all.outcomes, reduced.outcomes);
  EXPECT_LE(reduced.runs, asleep.runs);
  // Each of the two runs every order of dependent steps once; but for what a failure has cut off,
  // and timers that nobody waits for.
  if (!program.kinds.early_timers && !all.cut_off) {
    EXPECT_EQ(reduced.complete, asleep.complete);
  }
  EXPECT_LE(reduced.runs, all.runs + 1);  // One to see that nothing can be reduced.
  ExpectTheNumber(all.runs, reduced.verdict);
}

// For googletest, which takes letters, digits and '_'.
inline std::string NameOf(const testing::TestParamInfo<Program>& info) {
  std::string name;
  for (const char c : info.param.name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name.push_back(c);
    else if (name.empty() || name.back() != '_')
      name.push_back('_');
  return name;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_BRUTE_FORCE_H_
