// Outcomes: all that can be told of a program's run from outside. The model and the runner write
// them in the same form, so that the referee has only to compare.
#ifndef TASKLEAK_PRIMITIVES_MODEL_OUTCOME_H_
#define TASKLEAK_PRIMITIVES_MODEL_OUTCOME_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/primitives/model/program.h"

namespace taskleak::model {

// What one operation gave. Of a receive, the value; of Err, 1 once the context is canceled.
using Result = std::uint16_t;
// It is done, and there is no more to tell. Of a receive: closed and drained.
inline constexpr Result kDone = 0;
// A try that did nothing; a select's default.
inline constexpr Result kNotReady = 0xffff;
// Of a select: which case, and what that gave.
constexpr Result Chosen(int index, Result value) {
  return static_cast<Result>((index + 1) << 8 | value);
}

// How a task ended. A panic ends its task only: the runner catches it, and the others go on.
enum class Fate : std::uint8_t {
  kNotEnded,  // In the end: blocked for ever in the operation after its last result.
  kFinished,
  kSendOnClosed,
  kCloseOfClosed,
  kCloseOfNil,
  kUnlockOfUnlocked,
  kRWUnlockOfUnlocked,
  kRUnlockOfUnlocked,
  kNegativeCounter,
  kOtherPanic,  // Of no kind that the specification knows.
};

// The sentence of a panic, as the specification has it; of the others, what the task did.
const char* Sentence(Fate fate);
Fate PanicOf(std::string_view sentence);

struct TaskOutcome {
  std::uint8_t count = 0;  // Of results: also where in its program the task stands.
  Fate fate = Fate::kNotEnded;
  std::array<Result, kMaxOps> results = {};  // Zero from `count` on.

  void Add(Result result) { results[count++] = result; }
  friend auto operator<=>(const TaskOutcome&, const TaskOutcome&) = default;
};

using Outcome = std::array<TaskOutcome, kMaxTasks>;

// A line for each task: its operations with their results, and how it ended.
std::string Text(const Program& program, const Outcome& outcome);

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_OUTCOME_H_
