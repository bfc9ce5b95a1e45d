// What a fuzz target checks with.
#ifndef TASKLEAK_FUZZ_TARGETS_PROPERTY_H_
#define TASKLEAK_FUZZ_TARGETS_PROPERTY_H_

#include <cstdio>
#include <cstdlib>

// libFuzzer's entry point. Any bytes may come; a property that does not hold aborts.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace taskleak::internal {

inline void Property(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "taskleak: this does not hold: %s\n", what);
  std::abort();
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_TARGETS_PROPERTY_H_
