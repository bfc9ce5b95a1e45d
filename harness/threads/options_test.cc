// What the environment asks of the judge at a process's end (src/threads/preload/options.h), each
// variable on a program that it matters to.
#include <gtest/gtest.h>

#include <string>

#include "harness/threads/run_program.h"

namespace taskleak::internal {
namespace {

Outcome RunWith(const std::string& program, const std::string& variable, const std::string& value) {
  return RunProgram({std::string(TASKLEAK_PROGRAMS) + "/" + program}, true, {{variable, value}});
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(OptionsTest, FailOnSaysHowSureItMustBe) {
  EXPECT_EQ(RunWith("pipe_suspect", "TASKLEAK_FAIL_ON", "suspect").exit_code, 90);
  EXPECT_EQ(RunWith("leaked_singleton_idle", "TASKLEAK_FAIL_ON", "suspect").exit_code, 0);
  EXPECT_EQ(RunWith("leaked_singleton_idle", "TASKLEAK_FAIL_ON", "idle").exit_code, 90);
  EXPECT_EQ(RunWith("cond_wait_leaky", "TASKLEAK_FAIL_ON", "proven").exit_code, 90);
  const Outcome shown = RunWith("pipe_suspect", "TASKLEAK_FAIL_ON", "proven");
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_TRUE(Has(shown.error_output, "0 proven, 1 suspect")) << shown.error_output;
}

TEST(OptionsTest, TheExitCodeIsWhatIsAskedFor) {
  EXPECT_EQ(RunWith("cond_wait_leaky", "TASKLEAK_EXIT_CODE", "7").exit_code, 7);
  const Outcome kept = RunWith("cond_wait_leaky", "TASKLEAK_EXIT_CODE", "0");
  EXPECT_EQ(kept.exit_code, 0);
  EXPECT_TRUE(Has(kept.error_output, "1 proven")) << kept.error_output;
  EXPECT_EQ(RunWith("cond_wait_clean", "TASKLEAK_EXIT_CODE", "7").exit_code, 0);
}

TEST(OptionsTest, TextMayGoToTheFileAlone) {
  const Outcome run = RunWith("cond_wait_leaky", "TASKLEAK_TEXT", "0");
  EXPECT_EQ(run.error_output, "");
  EXPECT_TRUE(Has(run.json, "\"verdict\":\"proven\"")) << run.json;
}

TEST(OptionsTest, AReportThatCannotBeWrittenIsSaidAndNotLost) {
  const Outcome run = RunWith("cond_wait_leaky", "TASKLEAK_REPORT_DIR", "/dev/null/folder");
  EXPECT_EQ(run.exit_code, 90);
  EXPECT_TRUE(Has(run.error_output, "set TASKLEAK_REPORT_DIR to a folder that can be written"))
      << run.error_output;
  EXPECT_TRUE(Has(run.error_output, "1 proven")) << run.error_output;
}

TEST(OptionsTest, NearItsDeadlineAProcessSaysWhoIsBlocked) {
  const Outcome run = RunWith("signal_clean", "TASKLEAK_DEADLINE", "0.5s");
  EXPECT_EQ(run.exit_code, 0) << run.error_output;
  EXPECT_TRUE(Has(run.error_output, "nine tenths of the time that it has have passed"))
      << run.error_output;
  EXPECT_TRUE(Has(run.error_output, "blocked in semaphore wait")) << run.error_output;
  EXPECT_EQ(RunWith("signal_clean", "TASKLEAK_DEADLINE", "250").error_output, "");
}

TEST(OptionsTest, AValueThatIsNoneIsSaidWithTheMend) {
  struct {
    const char* variable;
    const char* mend;
  } const kCases[] = {{"TASKLEAK_DEADLINE", "set it to one such as 60 or 2.5."},
                      {"TASKLEAK_FAIL_ON", "set it to proven, suspect or idle."},
                      {"TASKLEAK_EXIT_CODE", "set it to a number from 0 to 255."}};
  for (const auto& test : kCases) {
    const Outcome run = RunWith("cond_wait_clean", test.variable, "soon");
    EXPECT_EQ(run.exit_code, 0) << run.error_output;
    EXPECT_TRUE(Has(run.error_output, test.mend)) << run.error_output;
    EXPECT_TRUE(Has(run.error_output, test.variable)) << run.error_output;
  }
}

}  // namespace
}  // namespace taskleak::internal
