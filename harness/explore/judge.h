// From the end of a run to what it means.
#ifndef TASKLEAK_HARNESS_EXPLORE_JUDGE_H_
#define TASKLEAK_HARNESS_EXPLORE_JUDGE_H_

#include <compare>
#include <cstdint>
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
inline constexpr int kRanks = 3;
int Rank(const std::string& operation);

// Orders by rank, and leaves the order within each as it is.
template <class T, class OperationOf>
void MostTellingFirst(std::vector<T>& items, OperationOf operation_of) {
  std::vector<T> ordered;
  ordered.reserve(items.size());
  for (int rank = 0; rank < kRanks; ++rank)
    for (T& item : items)
      if (Rank(operation_of(item)) == rank) ordered.push_back(item);
  items = std::move(ordered);
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
