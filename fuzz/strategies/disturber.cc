#include "fuzz/strategies/disturber.h"

namespace taskleak::internal {

void DisturbingStrategy::DrawDisturbances() {
  early_return_rate_ = chance_.Pick({0, 32, 256, 1024, 2048});
  other_case_rate_ = chance_.Pick({0, 2048, 4096});
  fuzzes_data_ = true;
}

void DisturbingStrategy::LeaveUndisturbed() {
  early_return_rate_ = other_case_rate_ = 0;
  fuzzes_data_ = false;
}

std::uint32_t DisturbingStrategy::Case(SimTask* /*task*/, const Operation& /*op*/,
                                       std::span<const std::uint32_t> ready) {
  const std::uint64_t bits = chance_.Next();
  if ((bits >> 40 & 4095) >= other_case_rate_) return ready[0];
  return ready[Chance::Below(bits, ready.size())];
}

bool DisturbingStrategy::TakeFault(SimTask* /*task*/, const Operation& /*op*/) {
  return (chance_.Next() & 4095) < early_return_rate_;
}

std::int64_t DisturbingStrategy::Data(SimTask* /*task*/, const Operation& /*op*/, std::int64_t lo,
                                      std::int64_t hi, std::int64_t canonical) {
  if (!fuzzes_data_) return canonical;
  const std::uint64_t bits = chance_.Next();
  const std::uint64_t range = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  switch (bits & 7) {
    case 0:
      return canonical;
    case 1:
      return lo;
    case 2:
      return hi;
    default: {
      // Uniform over the range by the high word of a 128-bit product; the whole range needs no
      // scaling.
      if (range == UINT64_MAX) return static_cast<std::int64_t>(chance_.Next());
      const auto offset = static_cast<std::uint64_t>(
          (static_cast<unsigned __int128>(chance_.Next()) * (range + 1)) >> 64);
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + offset);
    }
  }
}

}  // namespace taskleak::internal
