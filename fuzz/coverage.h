// What a schedule did, as counters that guide a search.
#ifndef TASKLEAK_FUZZ_COVERAGE_H_
#define TASKLEAK_FUZZ_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/runtime/sim/observer.h"
#include "src/runtime/sim/simulator.h"

namespace taskleak::internal {

// How many counters there are. Collisions are rare while a body has some hundreds of features; more
// would cost every run, since libFuzzer clears and reads all of them.
inline constexpr std::size_t kCoverageCounters = std::size_t{1} << 13;

// Counts the signals of GFuzz (Liu et al., "Who Goes First? Detecting Go Concurrency Bugs via
// Message Reordering", ASPLOS 2022), of channels and of every other object: pairs of consecutive
// operations on one, how full a channel was at most, whether it was closed; and in which operations
// tasks were blocked, when it happened and when root returned. Places are hashed by the name of
// their file and their line, so that a counter means the same in every process and build.
//
// One run at a time, between Begin and End; one thread. A run allocates nothing once one as large
// has been seen. Counters are saturating, of one byte; who owns them clears them.
class Coverage final : public Observer {
 public:
  // `counters`: a power of two of them.
  explicit Coverage(std::span<std::uint8_t> counters);

  void Begin();
  void End();

  void OnTask(const SimTask& task, std::uint32_t parent, const Site& site) override;
  void OnAfter(const SimTask& task, const Operation& op, std::uint32_t outcome) override;
  void OnPark(const SimTask& task, const Operation& op) override;
  void OnUnpark(const SimTask& task) override;
  void OnEnd(const SimTask& task) override;

 private:
  // Of an object in this run.
  struct Seen {
    std::uint64_t run = 0;
    std::uint64_t last = 0;  // What was done on it last.
    std::uint64_t made_at = 0;
    std::size_t peak = 0;
    std::size_t capacity = 0;
    bool channel = false;
    bool closed = false;
  };
  struct KnownSite {
    const char* file = nullptr;
    std::uint32_t line = 0;
    std::uint64_t hash = 0;
  };

  std::uint64_t HashOf(const Site& site);
  void Count(std::uint64_t feature);
  Seen& StateOf(const Object& object);

  static constexpr std::size_t kObjects = 1024;  // Of a kind; later ones share a place.
  static constexpr std::size_t kKinds = 8;

  const std::span<std::uint8_t> counters_;
  std::uint64_t run_ = 0;
  std::vector<Seen> seen_;                 // By kind and number.
  std::vector<std::uint32_t> touched_;     // Which of them in this run, in order.
  std::vector<std::uint64_t> blocked_in_;  // By task id; 0: it is not.
  std::array<KnownSite, 1024> sites_;      // A cache: by address, but no hash depends on one.
};

// The feature of a counter that stands at `count`, as libFuzzer sees it: the first, second and
// third time, then powers of two. 0: none, else 1 to 8.
std::uint8_t Bucket(std::uint8_t count);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_COVERAGE_H_
