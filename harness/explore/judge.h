// From the end of a run to what it means.
#ifndef TASKLEAK_HARNESS_EXPLORE_JUDGE_H_
#define TASKLEAK_HARNESS_EXPLORE_JUDGE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/gtest/assertions.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/failure.h"

namespace taskleak::internal {

// What makes two failures the same one: the kind, and of the tasks that stay the most telling:
// where it was started, what it is blocked in and where. Compared within one process: files by
// content.
struct Signature {
  FailureKind kind = FailureKind::kLeak;
  std::string operation;
  std::string blocked_at;
  std::string created_at;
  friend auto operator<=>(const Signature&, const Signature&) = default;
};

// How telling it is that a task is blocked there: 0 in an operation on which others depend, higher
// where it merely waits for other tasks. Reports put the most telling first.
int Rank(const std::string& operation);

// Of a task among all that stay. A condition that nobody ever signalled is as telling as any. Root
// comes behind the others that are blocked in such an operation, since it mostly waits for them to
// be done; unless one of them waits at what root was the last to use.
int Rank(const TaskSnapshot& task, const std::vector<TaskSnapshot>& all);
// The first of those with the lowest rank. `all` is not empty.
const TaskSnapshot& MostTelling(const std::vector<TaskSnapshot>& all);

// Orders by rank, and leaves the order within each as it is.
template <class T, class RankOf>
void MostTellingFirst(std::vector<T>& items, RankOf rank_of) {
  std::multimap<int, T> ordered;
  for (T& item : items) {
    const int rank = rank_of(item);
    ordered.emplace(rank, std::move(item));
  }
  items.clear();
  for (auto& [rank, item] : ordered) items.push_back(std::move(item));
}

// Called at the end of a run before anything is unwound. Nothing if the run did not fail.
// `assertions`: what the body's EXPECTs said so far.
struct Verdict {
  FailureKind kind;
  std::vector<Signature> groups;  // Distinct, the most telling first; never empty.
};
std::optional<Verdict> Judge(const Simulator& simulator, const RunResult& result,
                             const std::vector<AssertionResult>& assertions);

// The tasks that a failure is about, with all that the registry knows of them.
std::vector<TaskSnapshot> Culprits(const Simulator& simulator, const RunResult& result,
                                   FailureKind kind);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_JUDGE_H_
