// The command itself, on programs that know nothing of it.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/command/report_json.h"
#include "harness/command/testing.h"
#include "harness/command/verbs.h"

namespace taskleak::internal {
namespace {

std::string Program(const std::string& name) { return std::string(TASKLEAK_PROGRAMS) + "/" + name; }

class RunTest : public testing::Test {
 protected:
  CommandOutcome Taskleak(const std::vector<std::string>& arguments,
                          std::map<std::string, std::string> environment = {}) {
    std::vector<std::string> all = {TASKLEAK_COMMAND};
    all.insert(all.end(), arguments.begin(), arguments.end());
    // What LeakSanitizer says of a detached thread's memory is not the subject.
    environment.try_emplace("ASAN_OPTIONS", "detect_leaks=0");
    return RunProgram(all, folder_, environment);
  }
  // `taskleak run OPTIONS -- COMMAND`.
  CommandOutcome Run(const std::vector<std::string>& command,
                     const std::vector<std::string>& options = {},
                     const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> arguments = {"run", "--preload", TASKLEAK_PRELOAD};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), command.begin(), command.end());
    return Taskleak(arguments, environment);
  }
  static bool Says(const CommandOutcome& outcome, const std::string& text) {
    return outcome.err.find(text) != std::string::npos;
  }

  ScratchFolder folder_;
};

TEST_F(RunTest, ALeakIsFoundByFunctionAndLine) {
  const CommandOutcome run = Run({Program("cond_wait_leaky")}, {"--report", "leaks.json"});
  EXPECT_EQ(run.exit, 90) << run.err;
  std::string why;
  const std::optional<RunReport> report = ReadReport(folder_.Read("leaks.json"), &why);
  ASSERT_TRUE(report.has_value()) << why;
  ASSERT_EQ(report->leaks.size(), 1u);
  const Leak& leak = report->leaks[0];
  EXPECT_EQ(leak.verdict, LeakVerdict::kProven);
  EXPECT_EQ(leak.operation, "cond wait");
  EXPECT_EQ(leak.object, "condition variable");
  EXPECT_EQ(leak.count, 1u);
  const Frame* blocked = UsersFrame(leak.blocked);
  const Frame* started = UsersFrame(leak.creation);
  ASSERT_NE(blocked, nullptr) << run.err;
  ASSERT_NE(started, nullptr) << run.err;
  EXPECT_TRUE(blocked->function.starts_with("Worker(")) << run.err;
  EXPECT_TRUE(started->function.starts_with("main")) << run.err;
  EXPECT_TRUE(Says(run, "blocked in cond wait at Worker(")) << run.err;
  if (!blocked->file.empty()) {  // The build has debug info.
    EXPECT_TRUE(Says(run, "cond_wait_leaky.cc:18")) << run.err;
    EXPECT_TRUE(Says(run, "cond_wait_leaky.cc:22")) << run.err;
  }
  EXPECT_TRUE(report->complete);
  ASSERT_EQ(report->processes.size(), 1u);
  EXPECT_EQ(report->processes[0].argv, std::vector<std::string>{Program("cond_wait_leaky")});
  EXPECT_EQ(report->processes[0].exit, std::optional<int>(0));
}

TEST_F(RunTest, ItsCleanTwinIsSilent) {
  const CommandOutcome run = Run({Program("cond_wait_clean")});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.err, "SUMMARY: taskleak: no leak, 1 process seen\n");
  EXPECT_EQ(Run({Program("cond_wait_clean")}, {"--quiet"}).err, "");
}

TEST_F(RunTest, ManyProcessesAreOneSummary) {
  const std::string leaky = Program("cond_wait_leaky");
  const CommandOutcome run =
      Run({"sh", "-c", leaky + "; " + leaky + "; " + Program("cond_wait_clean")});
  EXPECT_EQ(run.exit, 90) << run.err;
  EXPECT_TRUE(Says(run, "2 threads never ended (4 processes seen; 2 proven, 0 suspect, 0 idle)"))
      << run.err;
  EXPECT_TRUE(Says(run, "\n2 threads \"cond_wait_leaky\", proven")) << run.err;
}

TEST_F(RunTest, EveryOtherCodeOfTheCommandPasses) {
  EXPECT_EQ(Run({Program("exit_code_stays_leaky")}).exit, 3);
  EXPECT_EQ(Run({"sh", "-c", "exit 8"}).exit, 8);
  EXPECT_EQ(Run({"sh", "-c", "kill -9 $$"}).exit, 137);
}

TEST_F(RunTest, ChildrenKeepTheirOwnCodesUnlessTheyAreToFail) {
  const std::string script = Program("cond_wait_leaky") + "; echo code $?";
  EXPECT_EQ(Run({"sh", "-c", script}).out, "code 0\n");
  const CommandOutcome fails = Run({"sh", "-c", script}, {"--fail-tests"});
  EXPECT_EQ(fails.out, "code 90\n");
  EXPECT_TRUE(Says(fails, "==ERROR: taskleak: 1 thread never ended")) << fails.err;
}

TEST_F(RunTest, WhatFailsIsTheCallersChoice) {
  EXPECT_EQ(Run({Program("pipe_suspect")}).exit, 90);
  const CommandOutcome lenient = Run({Program("pipe_suspect")}, {"--fail-on", "proven"});
  EXPECT_EQ(lenient.exit, 0);
  EXPECT_TRUE(Says(lenient, "suspect, blocked in read")) << lenient.err;
  EXPECT_EQ(Run({Program("leaked_singleton_idle")}).exit, 0);
  EXPECT_EQ(Run({Program("leaked_singleton_idle")}, {"--fail-on", "idle"}).exit, 90);
}

// By proof, long before its deadline.
TEST_F(RunTest, AHangIsALeak) {
  const CommandOutcome run = Run({Program("join_hangs")}, {"--deadline", "250s"});
  EXPECT_EQ(run.exit, 90) << run.err;
  EXPECT_TRUE(Says(run, "blocked in thread join")) << run.err;
}

TEST_F(RunTest, WhatPassesItsDeadlineIsEnded) {
  const CommandOutcome run = Run({"sleep", "100000"}, {"--deadline", "500ms"});
  EXPECT_EQ(run.exit, 90) << run.err;
  EXPECT_TRUE(Says(run, "the command did not end within its deadline, and was ended.")) << run.err;
}

TEST_F(RunTest, AProcessThatIsKilledIsSaid) {
  const CommandOutcome run =
      Run({"sh", "-c", Program("cond_wait_leaky") + "; sh -c 'kill -9 $$'; exit 0"});
  EXPECT_EQ(run.exit, 90) << run.err;
  EXPECT_TRUE(Says(run, "1 of 3 processes left no report: ")) << run.err;
}

TEST_F(RunTest, AProcessThatClearsItsEnvironmentIsSaid) {
  const CommandOutcome run = Run({"env", "-i", Program("cond_wait_leaky")});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_TRUE(Says(run, "1 of 1 process left no report: env")) << run.err;
}

// The child asks its parent to end, and ends by the signal that it hands on.
TEST_F(RunTest, ASignalIsHandedOnAndWhatWasFoundIsSaid) {
  const CommandOutcome run = Run(
      {"sh", "-c",
       Program("cond_wait_leaky") + "; trap 'exit 7' TERM; kill -TERM $PPID; while :; do :; done"});
  EXPECT_EQ(run.exit, 7) << run.err;
  EXPECT_TRUE(Says(run, "1 thread never ended")) << run.err;
}

TEST_F(RunTest, ACommandThatCannotBeStartedIsWrongUsage) {
  EXPECT_EQ(Run({"./nothing"}).exit, 91);
  EXPECT_EQ(Run({"no-such-command-anywhere"}).exit, 91);
  folder_.Write("text", "x");
  const CommandOutcome run = Run({"./text"});
  EXPECT_EQ(run.exit, 91);
  EXPECT_TRUE(Says(run, "taskleak: ./text cannot be executed (Permission denied): chmod +x it"))
      << run.err;
}

TEST_F(RunTest, WrongUsageIsASentence) {
  EXPECT_EQ(Taskleak({}).exit, 91);
  EXPECT_EQ(Taskleak({"run"}).exit, 91);
  EXPECT_EQ(Run({"true"}, {"--fail-on", "everything"}).exit, 91);
  EXPECT_EQ(Run({"true"}, {"--deadline", "soon"}).exit, 91);
  const CommandOutcome run = Run({"true"}, {"--no-such-flag"});
  EXPECT_EQ(run.exit, 91);
  EXPECT_TRUE(run.err.starts_with("taskleak: ")) << run.err;
  folder_.Write("rules", "nonsense\n");
  const CommandOutcome rules = Run({"touch", "started"}, {"--suppressions", "rules"});
  EXPECT_EQ(rules.exit, 91);
  EXPECT_TRUE(Says(rules, "rules:1: \"nonsense\" is no rule")) << rules.err;
  EXPECT_FALSE(std::filesystem::exists(folder_.File("started")));
}

TEST_F(RunTest, AFolderThatCannotBeWrittenIsOurTrouble) {
  const CommandOutcome run = Run({"true"}, {}, {{"TASKLEAK_REPORT_DIR", "/proc/nowhere"}});
  EXPECT_EQ(run.exit, 92);
  EXPECT_TRUE(Says(run, "cannot make a folder for reports in /proc/nowhere")) << run.err;
}

TEST_F(RunTest, AFullDiskLosesNothingThatWasFound) {
  const CommandOutcome run = Run({Program("cond_wait_leaky")}, {"--report", "/dev/full"},
                                 {{"TASKLEAK_REPORT_DIR", folder_.File("reports")}});
  EXPECT_EQ(run.exit, 92);
  EXPECT_TRUE(Says(run, "1 thread never ended")) << run.err;
  EXPECT_TRUE(Says(run, "cannot write /dev/full (No space left on device)")) << run.err;
  EXPECT_TRUE(Says(run, "what each process wrote is in " + folder_.File("reports"))) << run.err;
  EXPECT_TRUE(Says({Taskleak({"report", "reports"}).exit, "", Taskleak({"report", "reports"}).out},
                   "1 thread never ended"));
}

TEST_F(RunTest, TwoRunsIntoOneFolderKeepApart) {
  const std::map<std::string, std::string> into = {
      {"TASKLEAK_REPORT_DIR", folder_.File("reports")}};
  EXPECT_EQ(Run({Program("cond_wait_leaky")}, {"--keep"}, into).exit, 90);
  EXPECT_EQ(Run({Program("cond_wait_leaky")}, {"--keep"}, into).exit, 90);
  const CommandOutcome report = Taskleak({"report", "reports"});
  EXPECT_EQ(report.exit, 0) << report.err;
  EXPECT_NE(report.out.find("2 threads never ended (2 processes seen"), std::string::npos)
      << report.out;
}

TEST_F(RunTest, ATestsOwnFilesInTheFolderAreNotThrownAway) {
  const CommandOutcome run = Run({"sh", "-c", "echo kept > $TASKLEAK_REPORT_DIR/Test.script"}, {},
                                 {{"TASKLEAK_REPORT_DIR", folder_.File("reports")}});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_TRUE(Says(run, "what each process wrote is in ")) << run.err;
}

TEST_F(RunTest, ARunOfSomeTestsIsNotComplete) {
  const auto complete = [this] {
    std::string why;
    const std::optional<RunReport> report = ReadReport(folder_.Read("r.json"), &why);
    return report.has_value() && report->complete;
  };
  Run({"true"}, {"--report", "r.json"});
  EXPECT_TRUE(complete()) << folder_.Read("r.json");
  Run({"true", "--gtest_filter=A.*"}, {"--report", "r.json"});
  EXPECT_FALSE(complete());
  Run({"true"}, {"--report", "r.json"}, {{"GTEST_TOTAL_SHARDS", "2"}});
  EXPECT_FALSE(complete());
  Run({"sh", "-c", "kill -9 $$"}, {"--report", "r.json"});
  EXPECT_FALSE(complete());
}

TEST_F(RunTest, ASuppressedLeakPassesAndIsListedWhenAsked) {
  folder_.Write("rules", "taskleak:Worker\n");
  const CommandOutcome run =
      Run({Program("cond_wait_leaky")}, {"--suppressions", "rules", "--why-ignored"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_TRUE(Says(run, "left out by rules:1: taskleak:Worker")) << run.err;
}

TEST_F(RunTest, ATruncatedReportIsOurTrouble) {
  Run({Program("cond_wait_leaky")}, {"--report", "r.json"});
  std::string text = folder_.Read("r.json");
  text.resize(text.size() / 2);
  folder_.Write("r.json", text);
  const CommandOutcome report = Taskleak({"report", "r.json"});
  EXPECT_EQ(report.exit, 92);
  EXPECT_TRUE(Says(report, "r.json is cut off, or no JSON")) << report.err;
}

TEST_F(RunTest, WhatReportCannotMakeItRefuses) {
  folder_.Write("r.json", "{}");
  const CommandOutcome report = Taskleak({"report", "r.json", "--as", "html"});
  EXPECT_EQ(report.exit, 91);
  EXPECT_TRUE(Says(report, "--as html is of a failure in the simulator")) << report.err;
  EXPECT_EQ(Taskleak({"report", "r.json", "--as", "pdf"}).exit, 91);
}

TEST_F(RunTest, TheDoctorFindsThePlantedThread) {
  const CommandOutcome doctor = Taskleak({"doctor", "--preload", TASKLEAK_PRELOAD});
  EXPECT_EQ(doctor.exit, 0) << doctor.out;
  EXPECT_NE(doctor.out.find("ok    self-check: a planted thread that never ends was found"),
            std::string::npos)
      << doctor.out;
  const CommandOutcome blind = Taskleak({"doctor", "--preload", "/nowhere.so"});
  EXPECT_EQ(blind.exit, 92);
  EXPECT_NE(blind.out.find("BAD   --preload names /nowhere.so"), std::string::npos) << blind.out;
}

TEST_F(RunTest, TheDemoShowsALeak) {
  const CommandOutcome demo = Taskleak({"demo", "--preload", TASKLEAK_PRELOAD});
  EXPECT_EQ(demo.exit, 0) << demo.out;
  EXPECT_TRUE(Says(demo, "blocked in cond wait at demo::ReadMail(")) << demo.err;
}

TEST_F(RunTest, HelpHasExamplesAndTheVersionIsSaid) {
  for (const char* verb : {"run", "report", "gate", "doctor", "demo"}) {
    const CommandOutcome help = Taskleak({verb, "--help"});
    EXPECT_EQ(help.exit, 0);
    EXPECT_NE(help.out.find("  taskleak " + std::string(verb)), std::string::npos) << help.out;
  }
  const CommandOutcome all = Taskleak({"--help"});
  EXPECT_EQ(all.exit, 0);
  EXPECT_EQ(all.out.find("__stuck"), std::string::npos) << all.out;
  EXPECT_TRUE(Taskleak({"--version"}).out.starts_with("taskleak 0."));
}

}  // namespace
}  // namespace taskleak::internal
