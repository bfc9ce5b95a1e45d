// One macro from unit test to fuzzer.
#ifndef TASKLEAK_FUZZ_TEST_H_
#define TASKLEAK_FUZZ_TEST_H_

#include <gtest/gtest.h>

#include <functional>

#include "taskleak/explore.h"

// A GoogleTest test whose body is run under many schedules:
//
//   TASKLEAK_FUZZ_TEST(Answer, EndsWithItsCaller) { … }
//
// It replays every schedule kept under corpus/Answer.EndsWithItsCaller/, then explores for 1,000
// schedules or 5 seconds, whichever is reached first (--schedules=N, --seconds=N). The first
// schedule that fails fails the test, with its report. The body must do the same each time, as
// Explore's must.
//
// With --fuzz=Answer.EndsWithItsCaller the same binary, if it was built with clang's
// -fsanitize=fuzzer-no-link (as taskleak itself must be), runs the same body under libFuzzer; what
// follows -- goes to libFuzzer. main must know these flags: link taskleak::gtest_main, or see
// InitFuzzTests.
//
// The corpus folder is --corpus=DIR, else TASKLEAK_CORPUS of the environment, else the macro
// TASKLEAK_CORPUS_DIR where the test is compiled, else the nearest folder corpus/, from the current
// directory upwards, that has one for this test.
#define TASKLEAK_FUZZ_TEST(suite, name) \
  TASKLEAK_INTERNAL_FUZZ_TEST(::testing::Test, suite, name, suite##_##name##_TaskleakFuzzTest)

// The same with a fixture, whose public and protected members the body sees. The fixture is made,
// set up and torn down once, around all schedules; what the body changes in it is there in the next
// run, so a member that it changes is to be assigned anew at its beginning. Under libFuzzer
// TearDown is never called: it ends the process itself.
#define TASKLEAK_FUZZ_TEST_F(fixture, name) \
  TASKLEAK_INTERNAL_FUZZ_TEST(fixture, fixture, name, fixture##_##name##_TaskleakFuzzTest)

namespace taskleak {

// Reads taskleak's flags and takes them out of argv. For a main of your own, before
// testing::InitGoogleTest:
//
//   int main(int argc, char** argv) {
//     taskleak::InitFuzzTests(&argc, &argv);
//     testing::InitGoogleTest(&argc, argv);
//     return taskleak::RunTests();
//   }
//
// Ends the process: after --version and --list_fuzz_tests with 0; for wrong usage with 2, and a
// sentence that says what is right.
void InitFuzzTests(int* argc, char*** argv);

// RUN_ALL_TESTS; with --fuzz, that one test only.
[[nodiscard]] int RunTests();

namespace internal {

// The flags say what it does: replay, explore, or hand over to libFuzzer. `corpus_dir`: null, or
// where the caller's kept schedules are.
void RunFuzzTest(const char* corpus_dir, const Body& body);

// Called before main.
void AddFuzzTest(const char* suite, const char* name);

// Here, so that reports leave its frame out.
template <class Test>
Body BodyOf(Test* test, void (Test::*run)()) {
  return [test, run] { (test->*run)(); };
}

template <class Fixture>
bool RegisterFuzzTest(const char* suite, const char* name, const char* file, int line,
                      Fixture* (*make)()) {
  AddFuzzTest(suite, name);
  testing::RegisterTest(suite, name, nullptr, nullptr, file, line, make);
  return true;
}

}  // namespace internal
}  // namespace taskleak

#ifdef TASKLEAK_CORPUS_DIR
#define TASKLEAK_INTERNAL_CORPUS_DIR TASKLEAK_CORPUS_DIR
#else
#define TASKLEAK_INTERNAL_CORPUS_DIR nullptr
#endif

// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are names.
#define TASKLEAK_INTERNAL_FUZZ_TEST(fixture, suite, name, test)                            \
  class test final : public fixture {                                                      \
    void TestBody() override {                                                             \
      ::taskleak::internal::RunFuzzTest(                                                   \
          TASKLEAK_INTERNAL_CORPUS_DIR,                                                    \
          ::taskleak::internal::BodyOf(this, &test::TaskleakFuzzBody));                    \
    }                                                                                      \
    void TaskleakFuzzBody();                                                               \
    [[maybe_unused]] static const bool taskleak_registered_;                               \
  };                                                                                       \
  const bool test::taskleak_registered_ = ::taskleak::internal::RegisterFuzzTest<fixture>( \
      #suite, #name, __FILE__, __LINE__, []() -> fixture* { return new test; });           \
  void test::TaskleakFuzzBody()

// NOLINTEND(bugprone-macro-parentheses)

#endif  // TASKLEAK_FUZZ_TEST_H_
