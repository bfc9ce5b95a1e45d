#include "harness/gtest/assertions.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "src/runtime/sanitizer.h"

namespace taskleak::internal {

// Public in gtest-spi.h; its interception, which is virtual, is what we want, its array of results
// is not.
class AssertionTrap::Reporter final : public testing::ScopedFakeTestPartResultReporter {
 public:
  Reporter(std::vector<AssertionResult>& results, testing::TestPartResultArray* unused)
      : ScopedFakeTestPartResultReporter(INTERCEPT_ONLY_CURRENT_THREAD, unused),
        results_(results) {}

  void ReportTestPartResult(const testing::TestPartResult& result) override {
    if (result.passed()) return;
    const Untracked ours;  // On the stack of the task that failed.
    results_.push_back({result.skipped(), result.fatally_failed(),
                        result.file_name() == nullptr ? "" : result.file_name(),
                        result.line_number(), result.message()});
  }

 private:
  std::vector<AssertionResult>& results_;
};

AssertionTrap::AssertionTrap() {
  static auto* const unused = new testing::TestPartResultArray;
  reporter_ = new Reporter(results_, unused);
}

AssertionTrap::~AssertionTrap() { delete reporter_; }

void ForwardToTest(const AssertionResult& result) {
  const auto type = result.skip    ? testing::TestPartResult::kSkip
                    : result.fatal ? testing::TestPartResult::kFatalFailure
                                   : testing::TestPartResult::kNonFatalFailure;
  testing::internal::AssertHelper(type, result.file.c_str(), result.line, result.message.c_str()) =
      testing::Message();
}

std::string RunningTest() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  return test == nullptr ? std::string()
                         : std::string(test->test_suite_name()) + "." + test->name();
}

}  // namespace taskleak::internal
