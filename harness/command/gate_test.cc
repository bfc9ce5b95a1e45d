// `taskleak gate`: exit codes, what is said, and what becomes of the file.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "harness/command/report_json.h"
#include "harness/command/testing.h"
#include "harness/command/verbs.h"

namespace taskleak::internal {
namespace {

class GateTest : public testing::Test {
 protected:
  int Held(GateOptions options) {
    out_.str("");
    err_.str("");
    options.today = "2026-01-31";
    if (options.paths.empty()) options.paths = {folder_.File("report.json")};
    return Gate(options, out_, err_);
  }
  void WriteReportOf(const std::string& name, const std::vector<Leak>& leaks,
                     bool complete = true) {
    RunReport report;
    report.leaks = leaks;
    report.complete = complete;
    folder_.Write(name, WriteReport(report));
  }
  std::string baseline() const { return folder_.File("baseline.json"); }

  ScratchFolder folder_;
  std::ostringstream out_;
  std::ostringstream err_;
};

Leak A() { return MakeLeak("A()", "/project/a.cc", 1); }
Leak B() { return MakeLeak("B()", "/project/b.cc", 1); }

TEST_F(GateTest, FromARedGateToAGreenOneAndBackOnANewLeak) {
  WriteReportOf("report.json", {A()});
  EXPECT_EQ(Held({.baseline = baseline()}), kExitUsage);
  EXPECT_NE(err_.str().find("--update --accept-new writes one"), std::string::npos) << err_.str();
  EXPECT_EQ(Held({.baseline = baseline(), .update = true, .accept_new = true}), 0) << err_.str();
  EXPECT_EQ(Held({.baseline = baseline()}), 0) << out_.str();
  EXPECT_NE(out_.str().find("0 new, 1 known, 0 not seen: passes"), std::string::npos) << out_.str();
  WriteReportOf("report.json", {A(), B()});
  EXPECT_EQ(Held({.baseline = baseline()}), kExitLeaks);
  // The new one in full, the known one by its line.
  EXPECT_NE(out_.str().find("    #0 B()"), std::string::npos) << out_.str();
  EXPECT_EQ(out_.str().find("    #0 A()"), std::string::npos) << out_.str();
  EXPECT_NE(out_.str().find("NEW, these fail the gate:\n  " + B().fingerprint), std::string::npos)
      << out_.str();
}

TEST_F(GateTest, AnUpdateAloneLeavesWhatIsNewOut) {
  WriteReportOf("report.json", {A()});
  EXPECT_EQ(Held({.baseline = baseline(), .update = true}), kExitLeaks);
  EXPECT_EQ(Held({.baseline = baseline()}), kExitLeaks) << out_.str();
}

TEST_F(GateTest, AnEntryThatWasNotSeenIsANotice) {
  WriteReportOf("report.json", {A(), B()});
  ASSERT_EQ(Held({.baseline = baseline(), .update = true, .accept_new = true}), 0);
  WriteReportOf("report.json", {A()}, /*complete=*/false);
  EXPECT_EQ(Held({.baseline = baseline(), .update = true}), 0);
  EXPECT_NE(out_.str().find("not seen in this run, which was not complete"), std::string::npos)
      << out_.str();
  EXPECT_EQ(folder_.Read("baseline.json").find("\"absent\": 1"), std::string::npos);
  EXPECT_EQ(Held({.baseline = baseline(), .update = true, .complete = true}), 0);
  EXPECT_NE(folder_.Read("baseline.json").find("\"absent\": 1"), std::string::npos);
}

TEST_F(GateTest, AgainstABaseFailsOnWhatItLacksOnly) {
  WriteReportOf("report.json", {A()});
  WriteReportOf("base.json", {A()});
  EXPECT_EQ(Held({.base = folder_.File("base.json")}), 0) << out_.str() << err_.str();
  WriteReportOf("report.json", {A(), B()});
  EXPECT_EQ(Held({.base = folder_.File("base.json")}), kExitLeaks);
}

TEST_F(GateTest, ATruncatedReportIsSaidAndTheOthersCount) {
  WriteReportOf("all/one.json", {A()});
  std::string cut = folder_.Read("all/one.json");
  cut.resize(cut.size() / 2);
  folder_.Write("all/two.json", cut);
  EXPECT_EQ(Held({.paths = {folder_.File("all")}, .baseline = baseline(), .update = true}),
            kExitLeaks);
  EXPECT_NE(err_.str().find("two.json is cut off"), std::string::npos) << err_.str();
  // Clean otherwise: still no pass.
  folder_.Write("cut/taskleak-7.json", "{\"schema\":\"taskleak.process\",\"version\":1,\"thr");
  WriteReportOf("cut/one.json", {});
  EXPECT_EQ(Held({.paths = {folder_.File("cut")}, .baseline = baseline()}), kExitTrouble)
      << out_.str();
}

TEST_F(GateTest, WithoutAnyReportThereIsNothingToPass) {
  EXPECT_EQ(Held({.paths = {folder_.path()}, .base = folder_.File("base.json")}), kExitTrouble);
  EXPECT_NE(err_.str().find("there is no report in"), std::string::npos) << err_.str();
}

TEST_F(GateTest, ABrokenBaselineIsNotOverwritten) {
  WriteReportOf("report.json", {A()});
  folder_.Write("baseline.json", "<<<<<<< HEAD");
  EXPECT_EQ(Held({.baseline = baseline(), .update = true, .accept_new = true}), kExitUsage);
  EXPECT_EQ(folder_.Read("baseline.json"), "<<<<<<< HEAD");
}

TEST_F(GateTest, FlagsThatMakeNoSenseTogetherAreRefused) {
  WriteReportOf("report.json", {});
  EXPECT_EQ(Held({}), kExitUsage);
  EXPECT_EQ(Held({.base = folder_.File("report.json"), .update = true}), kExitUsage);
  EXPECT_EQ(Held({.baseline = baseline(), .accept_new = true}), kExitUsage);
}

}  // namespace
}  // namespace taskleak::internal
