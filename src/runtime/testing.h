// For tests of what holds on either runtime: one suite, with the runtime as its parameter.
//
//   class ChanTable : public OnBothRuntimes {};
//   INSTANTIATE_ON_BOTH_RUNTIMES(ChanTable);
//   TEST_P(ChanTable, …) { const TestRun run = RunOnce([] { … }); … }
#ifndef TASKLEAK_RUNTIME_TESTING_H_
#define TASKLEAK_RUNTIME_TESTING_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>

#include "src/runtime/native/testing.h"
#include "src/runtime/sim/testing.h"

namespace taskleak::internal {

enum class RuntimeKind : std::uint8_t { kSimulator, kNative };

class OnBothRuntimes : public testing::TestWithParam<RuntimeKind> {
 protected:
  static bool native() { return GetParam() == RuntimeKind::kNative; }
  // One run of the body. Natively the schedule is the kernel's, whatever the seed.
  static TestRun RunOnce(const std::function<void()>& body, std::uint64_t seed = 0,
                         const RunOptions& options = {}) {
    return native() ? RunNativelyOnce(body) : internal::RunOnce(body, seed, options);
  }
  // How many seeds a test that tries many is worth: natively each is a handful of real threads.
  static std::uint64_t Seeds(std::uint64_t simulated) {
    return native() ? simulated / 10 + 1 : simulated;
  }
};

#define INSTANTIATE_ON_BOTH_RUNTIMES(suite)                                                     \
  INSTANTIATE_TEST_SUITE_P(                                                                     \
      Runtimes, suite,                                                                          \
      testing::Values(taskleak::internal::RuntimeKind::kSimulator,                              \
                      taskleak::internal::RuntimeKind::kNative),                                \
      [](const testing::TestParamInfo<taskleak::internal::RuntimeKind>& tested) {               \
        return std::string(                                                                     \
            tested.param == taskleak::internal::RuntimeKind::kNative ? "Native" : "Simulator"); \
      })

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_TESTING_H_
