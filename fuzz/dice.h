// Random numbers that are the same in every build.
#ifndef TASKLEAK_FUZZ_DICE_H_
#define TASKLEAK_FUZZ_DICE_H_

#include <cstddef>
#include <cstdint>

namespace taskleak::internal {

// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, n), n > 0, from 32 random bits: the bias is below n / 2^32.
  std::size_t Below(std::size_t n) {
    return static_cast<std::size_t>((Next() & 0xffffffff) * n >> 32);
  }
  bool OneIn(std::size_t n) { return Below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_DICE_H_
