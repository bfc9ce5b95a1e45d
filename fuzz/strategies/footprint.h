// What a step of a run touches, and whether the order of two steps makes a difference.
#ifndef TASKLEAK_FUZZ_STRATEGIES_FOOTPRINT_H_
#define TASKLEAK_FUZZ_STRATEGIES_FOOTPRINT_H_

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

// A set of things, each read or written. Things are named by hashes that hold in every run; two
// things of one name would only be taken for one, and steps for dependent that are not.
class Footprint {
 public:
  // What is no object, beside the objects themselves.
  static constexpr std::uint64_t kClock = 1;  // Read by who asks for the time, arms a timer or
                                              // stops it; written by a jump.
  static constexpr std::uint64_t kMemory =
      2;  // Of all atomics: which one it is, no operation says.
  // How many children the task has: the next one is named by it.
  static std::uint64_t Children(std::uint64_t task) { return task * 0x9e3779b97f4a7c15ULL + 3; }

  void Read(std::uint64_t thing) { Add(thing, false); }
  void Write(std::uint64_t thing) { Add(thing, true); }
  void WriteAll() { all_ = true; }  // It may have touched anything.
  // What an operation touches when it is begun.
  void Add(const Operation& op);
  void Add(const Object& object);
  void Merge(const Footprint& other);
  void Clear() {
    things_.clear();
    names_ = 0;
    all_ = false;
  }

  // Whether all that the other one touches is in this one.
  bool Covers(const Footprint& other) const;
  // Whether one of the two may make a difference to the other. What reads alone depends on nothing
  // else that reads.
  friend bool Dependent(const Footprint& a, const Footprint& b) {
    if (a.all_ || b.all_) return true;
    return (a.names_ & b.names_) != 0 && Meet(a, b);
  }

 private:
  struct Thing {
    std::uint64_t name;
    bool written;
  };
  void Add(std::uint64_t thing, bool written);
  static bool Meet(const Footprint& a, const Footprint& b);

  absl::InlinedVector<Thing, 4> things_;
  std::uint64_t names_ = 0;  // A bit for each: most pairs of steps have nothing in common.
  bool all_ = false;
};

// Whether an operation that had to wait looks at its object again when it goes on. A channel's, a
// wait group's and a once's do not: whoever woke them has done it all.
bool LooksAgain(OpKind kind);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_FOOTPRINT_H_
