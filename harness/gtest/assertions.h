// GoogleTest's assertions inside a body: failures of a schedule, not (yet) of the test.
#ifndef TASKLEAK_HARNESS_GTEST_ASSERTIONS_H_
#define TASKLEAK_HARNESS_GTEST_ASSERTIONS_H_

#include <string>
#include <vector>

namespace taskleak::internal {

struct AssertionResult {
  bool skip = false;
  bool fatal = false;
  std::string file;
  int line = 0;
  std::string message;
};

// While it lives, what EXPECT_…, ASSERT_…, GTEST_SKIP and ADD_FAILURE say on this thread goes here
// instead of to the running test. On one thread, not nested.
class AssertionTrap {
 public:
  AssertionTrap();
  ~AssertionTrap();
  AssertionTrap(const AssertionTrap&) = delete;
  AssertionTrap& operator=(const AssertionTrap&) = delete;

  const std::vector<AssertionResult>& results() const { return results_; }
  void Clear() { results_.clear(); }

 private:
  class Reporter;
  std::vector<AssertionResult> results_;
  Reporter* reporter_;
};

// Lets the running test have a result, as if it had failed (or skipped) there itself.
void ForwardToTest(const AssertionResult& result);

// "Suite.Name" of the running test; empty outside tests.
std::string RunningTest();

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_GTEST_ASSERTIONS_H_
