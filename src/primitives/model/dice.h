// Random numbers that are the same with every compiler and library, unlike std's distributions.
#ifndef TASKLEAK_PRIMITIVES_MODEL_DICE_H_
#define TASKLEAK_PRIMITIVES_MODEL_DICE_H_

#include <cstdint>

namespace taskleak::model {

// splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, n), for an n far below 2^31.
  int Below(int n) { return static_cast<int>((Next() >> 33) % static_cast<unsigned>(n)); }
  bool Chance(int percent) { return Below(100) < percent; }

 private:
  std::uint64_t state_;
};

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_DICE_H_
