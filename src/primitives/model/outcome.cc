// Outcomes as text.
#include "src/primitives/model/outcome.h"

#include <cstddef>
#include <iterator>

namespace taskleak::model {
namespace {

constexpr const char* kSentences[] = {"blocked",
                                      "finished",
                                      "send on closed channel",
                                      "close of closed channel",
                                      "close of nil channel",
                                      "unlock of unlocked mutex",
                                      "unlock of unlocked RWMutex",
                                      "RUnlock of unlocked RWMutex",
                                      "negative WaitGroup counter",
                                      "a panic that the model does not know"};
static_assert(std::size(kSentences) == static_cast<std::size_t>(Fate::kOtherPanic) + 1);

std::string ReceiveText(Result value) {
  return value == kDone ? " = closed" : " = " + std::to_string(value);
}

std::string ResultText(const Op& op, Result result) {
  if (result == kNotReady) return op.kind == OpKind::kSelect ? " = default" : " = not ready";
  switch (op.kind) {
    case OpKind::kRecv:
    case OpKind::kTryRecv:
      return ReceiveText(result);
    case OpKind::kSelect: {
      const int index = (result >> 8) - 1;
      std::string text = " = case " + std::to_string(index);
      const bool known = index >= 0 && index < static_cast<int>(op.cases.size());
      if (!known || op.cases[index].send) return text;
      return text + ReceiveText(result & 0xff);
    }
    case OpKind::kTrySend:
    case OpKind::kTryLock:
    case OpKind::kTryRLock:
    case OpKind::kMutexTryLock:
      return " = done";
    case OpKind::kErr:
      return result == 0 ? " = none" : " = canceled";
    default:
      return "";
  }
}

std::string Text(const std::vector<Op>& ops, const TaskOutcome& task) {
  std::string text;
  for (std::size_t i = 0; i < task.count; ++i)
    text += (i < ops.size() ? Text(ops[i]) + ResultText(ops[i], task.results[i]) : "?") + "; ";
  if (task.fate == Fate::kFinished) return text + "finished";
  const std::string where = task.count < ops.size() ? Text(ops[task.count]) : "?";
  if (task.fate == Fate::kNotEnded) return text + "blocked in " + where;
  return text + where + " panicked: " + Sentence(task.fate);
}

}  // namespace

const char* Sentence(Fate fate) { return kSentences[static_cast<std::size_t>(fate)]; }

Fate PanicOf(std::string_view sentence) {
  for (std::size_t i = static_cast<std::size_t>(Fate::kSendOnClosed); i < std::size(kSentences);
       ++i)
    if (sentence == kSentences[i]) return static_cast<Fate>(i);
  return Fate::kOtherPanic;
}

std::string Text(const Program& program, const Outcome& outcome) {
  std::string text;
  for (std::size_t i = 0; i < program.tasks.size(); ++i)
    text += "  task " + std::to_string(i) + ": " + Text(program.tasks[i], outcome[i]) + "\n";
  return text;
}

}  // namespace taskleak::model
