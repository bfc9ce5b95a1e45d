// Which operations met: pairs of consecutive ones on one object.
#ifndef TASKLEAK_FUZZ_PAIR_COVERAGE_H_
#define TASKLEAK_FUZZ_PAIR_COVERAGE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/hash_set.h"
#include "src/runtime/sim/observer.h"

namespace taskleak::internal {

// Counts the different pairs (what was done last on an object, and where; what is done next, and
// where) over all runs that it watches. Of a select, the case that it took counts. Two objects that
// are used at the same sites give the same pairs. GFuzz (Liu et al., "Who Goes First? Detecting Go
// Concurrency Bugs via Message Reordering", ASPLOS 2022) takes the same for its feedback.
class PairCoverage final : public Observer {
 public:
  void Begin();  // Before each run.
  void OnAfter(const SimTask& task, const Operation& op, std::uint32_t outcome) override;

  std::size_t pairs() const { return pairs_.size(); }

 private:
  std::uint64_t Code(const Operation& op);
  std::uint64_t FileCode(const char* file);

  static constexpr std::size_t kKinds = 8;   // Of objects.
  std::vector<std::uint64_t> last_[kKinds];  // By the object's number: the code of its last use.
  // A file has one pointer for each translation unit that the compiler names it in.
  std::vector<std::pair<const char*, std::uint64_t>> files_;
  std::vector<std::string_view> names_;
  HashSet pairs_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_PAIR_COVERAGE_H_
