// The model: a program's states and the steps between them, and all that can come of it.
#ifndef TASKLEAK_PRIMITIVES_MODEL_MODEL_H_
#define TASKLEAK_PRIMITIVES_MODEL_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "src/primitives/model/outcome.h"
#include "src/primitives/model/program.h"
#include "src/primitives/model/state.h"

namespace taskleak::model {

// A task does its next operation, as far as it gets; or, woken in a lock, tries to take it again.
struct Step {
  std::uint8_t task = 0;
  std::uint8_t chosen = 0;  // One of its choices, see rules.h.
};

State Start(const Program& program);
// All that can happen next, in order of the tasks; none: the program has come to rest.
std::vector<Step> Steps(const Program& program, const State& state);
void Take(const Program& program, Step step, State* state);

// Everything that can come of a program, whatever the schedule; nullopt if there are more states
// than that.
std::optional<std::set<Outcome>> AllOutcomes(const Program& program, std::size_t max_states);

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_MODEL_H_
