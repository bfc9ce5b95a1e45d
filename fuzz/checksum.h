// Finds a mistyped, cut or damaged token or file; not a forged one.
#ifndef TASKLEAK_FUZZ_CHECKSUM_H_
#define TASKLEAK_FUZZ_CHECKSUM_H_

#include <cstdint>
#include <string_view>

namespace taskleak::internal {

// FNV-1a, of 32 bits (Fowler, Noll, Vo).
inline std::uint32_t Checksum(std::string_view bytes) {
  std::uint32_t hash = 2166136261u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_CHECKSUM_H_
