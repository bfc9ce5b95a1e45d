// The TASKLEAK_ variables.
#include "harness/explore/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "taskleak/error.h"
#include "taskleak/explore.h"

namespace {

using taskleak::Explore;
using taskleak::UsageError;
using taskleak::internal::EditDistance;
using taskleak::internal::Environment;
using taskleak::internal::ReadEnvironment;

// A variable, as long as this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    const char* before = std::getenv(name);
    had_ = before != nullptr;
    if (had_) before_ = before;
    setenv(name, value, 1);
  }
  ~Variable() {
    if (had_)
      setenv(name_, before_.c_str(), 1);
    else
      unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  bool had_ = false;
  std::string before_;
};

std::string Refusal() {
  try {
    static_cast<void>(ReadEnvironment());
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Environment, HasItsDefaults) {
  const Variable replay("TASKLEAK_REPLAY", "");
  const Variable dir("TASKLEAK_REPORT_DIR", "");
  const Environment environment = ReadEnvironment();
  EXPECT_FALSE(environment.replay.has_value()) << "an empty one is none";
  EXPECT_EQ(environment.report_dir, "taskleak-failures");
}

TEST(Environment, ReadsWhatIsSet) {
  const Variable replay("TASKLEAK_REPLAY", "t1.AAAA");
  const Variable dir("TASKLEAK_REPORT_DIR", "/some/where");
  const Environment environment = ReadEnvironment();
  EXPECT_EQ(environment.replay, "t1.AAAA");
  EXPECT_EQ(environment.report_dir, "/some/where");
}

TEST(Environment, RefusesAVariableThatIsNoneWithASuggestion) {
  {
    const Variable mistyped("TASKLEAK_REPLY", "t1.AAAA");
    EXPECT_NE(
        Refusal().find("TASKLEAK_REPLY is not one of taskleak's; did you mean TASKLEAK_REPLAY?"),
        std::string::npos)
        << Refusal();
  }
  {
    const Variable mistyped("TASKLEAK_REPORTDIR", "");
    EXPECT_NE(Refusal().find("did you mean TASKLEAK_REPORT_DIR?"), std::string::npos)
        << "though it is empty";
  }
  EXPECT_EQ(Refusal(), "");
}

TEST(Environment, LeavesOtherNamesAlone) {
  const Variable other("MY_TASKLEAK_REPLY", "1");
  const Variable lower("taskleak_reply", "1");
  const Variable prefix("TASKLEAKS", "1");
  EXPECT_EQ(Refusal(), "");
}

TEST(Environment, AMistypedVariableStopsASearchBeforeItsFirstRun) {
  const Variable mistyped("TASKLEAK_REPPLAY", "t1.AAAA");
  int runs = 0;
  EXPECT_THROW(static_cast<void>(Explore([&runs] { ++runs; })), UsageError);
  EXPECT_EQ(runs, 0);
}

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("worker_pool", "worker_pool"), 0u);
  EXPECT_EQ(EditDistance("worker_pol", "worker_pool"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("sitting", "kitten"), 3u);
}

}  // namespace
