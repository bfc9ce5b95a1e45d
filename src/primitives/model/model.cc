// The search of all states that a program can reach.
#include "src/primitives/model/model.h"

#include <unordered_set>

#include "src/primitives/model/rules.h"

namespace taskleak::model {

State Start(const Program& program) {
  State state;
  for (std::size_t i = 0; i < program.tasks.size(); ++i) {
    if (program.tasks[i].empty())
      state.outcome[i].fate = Fate::kFinished;
    else
      state.standing[i] = Standing::kActs;
  }
  return state;
}

std::vector<Step> Steps(const Program& program, const State& state) {
  std::vector<Step> steps;
  for (std::uint8_t task = 0; task < kMaxTasks; ++task) {
    const Standing standing = state.standing[task];
    if (standing != Standing::kActs && standing != Standing::kWoken) continue;
    const unsigned choices = Choices(program, state, task);
    for (std::uint8_t i = 0; i < kMaxCases; ++i)
      if ((choices >> i & 1) != 0) steps.push_back({task, i});
    if (choices == 0) steps.push_back({task, 0});
  }
  return steps;
}

void Take(const Program& program, Step step, State* state) {
  Rules(program, state).Act(step.task, step.chosen);
}

std::optional<std::set<Outcome>> AllOutcomes(const Program& program, std::size_t max_states) {
  std::set<Outcome> outcomes;
  std::unordered_set<State, StateHash> seen;
  std::vector<State> open = {Start(program)};
  seen.insert(open[0]);
  while (!open.empty()) {
    const State state = open.back();
    open.pop_back();
    const std::vector<Step> steps = Steps(program, state);
    if (steps.empty()) outcomes.insert(state.outcome);
    for (const Step& step : steps) {
      State next = state;
      Take(program, step, &next);
      if (!seen.insert(next).second) continue;
      if (seen.size() > max_states) return std::nullopt;
      open.push_back(next);
    }
  }
  return outcomes;
}

}  // namespace taskleak::model
