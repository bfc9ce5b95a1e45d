// Random numbers that are the same with every compiler and library, unlike those of std.
#ifndef TASKLEAK_FUZZ_CHANCE_H_
#define TASKLEAK_FUZZ_CHANCE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace taskleak::internal {

// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
class Chance {
 public:
  explicit Chance(std::uint64_t seed = 0) : state_(seed) {}
  // Begins anew, for schedule number `index` of a search: each has a sequence of its own.
  void Begin(std::uint64_t seed, std::uint64_t index) {
    state_ = seed * 0xd1342543de82ef95ULL + index;
    state_ = Next();
  }

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, n), from 32 random bits (Lemire's multiplication, without its correction: the bias is
  // below n / 2^32).
  static std::size_t Below(std::uint64_t bits, std::size_t n) {
    return static_cast<std::size_t>((bits & 0xffffffff) * n >> 32);
  }
  std::size_t Below(std::size_t n) { return Below(Next(), n); }
  bool OneIn(std::size_t n) { return Below(n) == 0; }

  // One of several, each as likely as the others.
  template <class T>
  T Pick(std::initializer_list<T> of) {
    return *(of.begin() + Below(of.size()));
  }

 private:
  std::uint64_t state_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_CHANCE_H_
