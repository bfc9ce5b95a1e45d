#include "harness/explore/judge.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "src/registry/snapshot.h"

namespace taskleak {

const char* ToString(FailureKind kind) {
  switch (kind) {
    case FailureKind::kLeak:
      return "leak";
    case FailureKind::kDeadlock:
      return "deadlock";
    case FailureKind::kPanic:
      return "panic";
    case FailureKind::kException:
      return "exception";
    case FailureKind::kAssertion:
      return "assertion";
    case FailureKind::kNondeterminism:
      return "nondeterminism";
    case FailureKind::kStepLimit:
      return "step limit";
  }
  return "unknown";
}

namespace internal {
namespace {

std::string Place(const Site& site) {
  return site ? std::string(site.file) + ":" + std::to_string(site.line) : std::string();
}

std::optional<FailureKind> KindOf(const RunResult& result,
                                  const std::vector<AssertionResult>& assertions) {
  const bool asserted =
      std::any_of(assertions.begin(), assertions.end(), [](const auto& a) { return !a.skip; });
  switch (result.end) {
    case RunEnd::kPanic:
      return FailureKind::kPanic;
    case RunEnd::kException:
      return FailureKind::kException;
    case RunEnd::kLeak:
      return asserted ? FailureKind::kAssertion : FailureKind::kLeak;
    case RunEnd::kDeadlock:
      return asserted ? FailureKind::kAssertion : FailureKind::kDeadlock;
    case RunEnd::kStepLimit:
      return asserted ? FailureKind::kAssertion : FailureKind::kStepLimit;
    case RunEnd::kClean:
      if (asserted) return FailureKind::kAssertion;
      return std::nullopt;
    case RunEnd::kMisuse:
      return std::nullopt;
  }
  return std::nullopt;
}

bool Endless(const Simulator& simulator, const SimTask& task) {
  return simulator.endless_since() != 0 && task.state != SimTask::State::kBlocked;
}

}  // namespace

int Rank(const std::string& operation) {
  if (operation == "waitgroup wait" || operation == "once") return 2;
  if (operation == "cond wait" || operation == "sleep") return 1;
  return 0;
}

int Rank(const TaskSnapshot& task, const std::vector<TaskSnapshot>& all) {
  const bool never_signalled = task.operation == "cond wait" && !task.objects.empty() &&
                               task.objects.front().last_feeding.task == 0;
  const int rank = never_signalled ? 0 : 2 * Rank(task.operation);
  if (task.parent != 0 || all.size() == 1) return rank;
  const auto waits_for_it = [&task](const TaskSnapshot& other) {
    return other.id != task.id &&
           std::any_of(other.objects.begin(), other.objects.end(), [&task](const auto& object) {
             return object.last_fed.task == task.id || object.last_feeding.task == task.id;
           });
  };
  return std::any_of(all.begin(), all.end(), waits_for_it) ? rank : rank + 1;
}

const TaskSnapshot& MostTelling(const std::vector<TaskSnapshot>& all) {
  const TaskSnapshot* most = nullptr;
  int lowest = 0;
  for (const TaskSnapshot& task : all) {
    const int rank = Rank(task, all);
    if (most != nullptr && rank >= lowest) continue;
    most = &task;
    lowest = rank;
  }
  return *most;
}

std::optional<Verdict> Judge(const Simulator& simulator, const RunResult& result,
                             const std::vector<AssertionResult>& assertions) {
  const std::optional<FailureKind> kind = KindOf(result, assertions);
  if (!kind.has_value()) return std::nullopt;
  Verdict verdict{*kind, {}};
  if (*kind == FailureKind::kAssertion) {
    const auto first =
        std::find_if(assertions.begin(), assertions.end(), [](const auto& a) { return !a.skip; });
    verdict.groups.push_back({*kind, "", first->file + ":" + std::to_string(first->line), ""});
    return verdict;
  }
  // Distinct by pointers first: there may be fifty thousand of a kind.
  std::set<std::tuple<OpKind, const char*, std::uint32_t, const char*, std::uint32_t>> seen;
  for (const SimTask* task = simulator.first_live(); task != nullptr; task = task->live_next) {
    if ((*kind == FailureKind::kPanic || *kind == FailureKind::kException) &&
        task->id != result.failed_task)
      continue;
    const OpKind op = task->state != SimTask::State::kBlocked && task->operation != nullptr
                          ? task->operation->kind
                          : task->last_kind;
    // An endless loop is the same loop at whichever of its operations it was stopped.
    const bool endless = Endless(simulator, *task);
    const Site at = endless ? Site() : task->last_site;
    const taskleak_v1_task& record = *task->record;
    if (!seen.emplace(endless ? OpKind::kNone : op, at.file, at.line, record.created_file,
                      record.created_line)
             .second)
      continue;
    verdict.groups.push_back({*kind, endless ? "running for ever" : OpName(op), Place(at),
                              Place({record.created_file, record.created_line})});
  }
  MostTellingFirst(verdict.groups, [](const Signature& s) { return Rank(s.operation); });
  if (verdict.groups.empty()) verdict.groups.push_back({*kind, "", "", ""});
  return verdict;
}

std::vector<TaskSnapshot> Culprits(const Simulator& simulator, const RunResult& result,
                                   FailureKind kind) {
  std::vector<TaskSnapshot> tasks = SnapshotTasks(simulator);
  if (kind == FailureKind::kAssertion && result.end == RunEnd::kClean) return {};
  if (kind == FailureKind::kPanic || kind == FailureKind::kException) {
    std::erase_if(tasks, [&](const TaskSnapshot& task) { return task.id != result.failed_task; });
    const std::span<const std::uintptr_t> frames = simulator.panic_frames();
    for (TaskSnapshot& task : tasks)
      task.blocked_stack.assign(frames.begin(), std::find(frames.begin(), frames.end(), 0));
    return tasks;
  }
  if (simulator.endless_since() != 0) {
    // Those blocked in the loop's rhythm are part of what runs; those that nobody touched are
    // suspect.
    std::erase_if(tasks, [](const TaskSnapshot& t) {
      return t.state != TaskState::kRunningForEver && !t.suspect;
    });
  }
  return tasks;
}

}  // namespace internal
}  // namespace taskleak
