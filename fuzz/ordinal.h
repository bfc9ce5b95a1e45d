// Numbers as people say them.
#ifndef TASKLEAK_FUZZ_ORDINAL_H_
#define TASKLEAK_FUZZ_ORDINAL_H_

#include <cstdint>
#include <string>

namespace taskleak::internal {

// "1st", "2nd", "3rd", "11th".
inline std::string Ordinal(std::uint64_t n) {
  const char* suffix = "th";
  if (n % 100 < 11 || n % 100 > 13) {
    if (n % 10 == 1) suffix = "st";
    if (n % 10 == 2) suffix = "nd";
    if (n % 10 == 3) suffix = "rd";
  }
  return std::to_string(n) + suffix;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_ORDINAL_H_
