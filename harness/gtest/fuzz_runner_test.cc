// Fuzz tests as their users have them: this binary has some, and runs itself.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz/libfuzzer/driver.h"
#include "harness/explore/corpus.h"
#include "harness/explore/fuzz_session.h"
#include "taskleak/fuzz_test.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
namespace fs = std::filesystem;

void Ask(std::size_t room) {
  const auto answers = MakeChan<int>(room);
  Go("asker", [answers] { answers.Send(42); });
  if (EarlyReturn("out of time")) return;
  static_cast<void>(answers.Recv());
}

// The pair. The leaky one is for the tests below, which run it in a process of its own.
TASKLEAK_FUZZ_TEST(FuzzPair, DISABLED_Leaky) { Ask(0); }
TASKLEAK_FUZZ_TEST(FuzzPair, Fixed) { Ask(1); }

class Fixture : public testing::Test {
 protected:
  void SetUp() override { set_up_ = 1; }
  void TearDown() override {
    EXPECT_EQ(set_up_, 1);
    EXPECT_GT(runs_, 1);
  }
  int set_up_ = 0;
  int runs_ = 0;
  std::size_t room_ = 1;
};

TASKLEAK_FUZZ_TEST_F(Fixture, IsMadeOnceAndItsBodyRunsPerSchedule) {
  ++runs_;
  EXPECT_EQ(set_up_, 1);
  Ask(room_);
}
TASKLEAK_FUZZ_TEST_F(Fixture, DISABLED_Leaky) { Ask(room_ - 1); }
TASKLEAK_FUZZ_TEST(FuzzPair, DISABLED_AssertionFails) { EXPECT_FALSE(EarlyReturn("now")); }

struct Ended {
  int code = -1;
  std::string output;
};

class FuzzRunner : public testing::Test {
 protected:
  FuzzRunner() {
    folder_ = fs::temp_directory_path() / ("taskleak_fuzz_runner_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  ~FuzzRunner() override { fs::remove_all(folder_); }

  // This binary again, in a folder of its own.
  Ended Run(const std::string& arguments) const {
    const std::string command = "cd " + folder_.string() +
                                " && env -u GTEST_SHARD_INDEX -u GTEST_TOTAL_SHARDS "
                                "TASKLEAK_REPORT_DIR=reports " +
                                fs::read_symlink("/proc/self/exe").string() +
                                " --gtest_also_run_disabled_tests " + arguments + " 2>&1";
    Ended ended;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer;
    for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      ended.output.append(buffer.data(), n);
    const int status = pclose(pipe);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
  }

  fs::path folder_;
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(FuzzRunner, TheLeakyOneFailsWithItsReportAndTheFixedOneIsSilent) {
  const Ended leaky = Run("--gtest_filter=FuzzPair.DISABLED_Leaky --schedules=200");
  EXPECT_EQ(leaky.code, 1);
  EXPECT_TRUE(Has(leaky.output, "blocked in chan send")) << leaky.output;
  EXPECT_TRUE(Has(leaky.output, "--gtest_filter=FuzzPair.DISABLED_Leaky")) << leaky.output;
  EXPECT_TRUE(fs::exists(folder_ / "reports" / "FuzzPair.DISABLED_Leaky.token"));
  const Ended fixed = Run("--gtest_filter=FuzzPair.Fixed --schedules=200");
  EXPECT_EQ(fixed.code, 0);
  EXPECT_FALSE(Has(fixed.output, "taskleak:")) << fixed.output;
}

TEST_F(FuzzRunner, AFixturesLeakAndAnAssertionFailTheTest) {
  EXPECT_EQ(Run("--gtest_filter=Fixture.DISABLED_Leaky --schedules=200").code, 1);
  const Ended assertion = Run("--gtest_filter=FuzzPair.DISABLED_AssertionFails --schedules=200");
  EXPECT_EQ(assertion.code, 1);
  EXPECT_TRUE(Has(assertion.output, "EarlyReturn(\"now\")")) << assertion.output;
}

TEST_F(FuzzRunner, NamesItsFuzzTestsItsVersionAndItsFlags) {
  const Ended list = Run("--list_fuzz_tests");
  EXPECT_EQ(list.code, 0);
  EXPECT_TRUE(Has(list.output, "FuzzPair.Fixed\n")) << list.output;
  EXPECT_FALSE(Has(list.output, "NamesItsFuzzTests")) << list.output;
  EXPECT_EQ(Run("--version").output, "taskleak " TASKLEAK_VERSION "\n");
  const Ended help = Run("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(Has(help.output, "--fuzz=Suite.Name") && Has(help.output, "--gtest_filter"))
      << help.output;
}

TEST_F(FuzzRunner, WrongUsageEndsWithTwoAndASentence) {
  const Ended flag = Run("--fuz=FuzzPair.Fixed");
  EXPECT_EQ(flag.code, 2);
  EXPECT_TRUE(Has(flag.output, "did you mean --fuzz?")) << flag.output;
  EXPECT_EQ(Run("--fuzz=FuzzPair.Fixd").code, 2);
  EXPECT_EQ(Run("--corpus=nowhere").code, 2);
  EXPECT_EQ(Run("--replay=t1.x").code, 2) << "in which of the tests?";
  const Ended token = Run("--gtest_filter=FuzzPair.Fixed --replay=t1.x");
  EXPECT_EQ(token.code, 1);
  EXPECT_TRUE(Has(token.output, "is cut short")) << token.output;
}

TEST_F(FuzzRunner, TheReportsTokenReplaysInTheLeakyOneAndNotInTheFixedOne) {
  Run("--gtest_filter=FuzzPair.DISABLED_Leaky --schedules=200");
  std::ifstream in(folder_ / "reports" / "FuzzPair.DISABLED_Leaky.token");
  std::string line;
  std::getline(in, line);
  const std::string token = line.substr(line.find("t1."), line.find(' ') - line.find("t1."));
  EXPECT_EQ(Run("--gtest_filter=FuzzPair.DISABLED_Leaky --replay=" + token).code, 1) << line;
  EXPECT_EQ(Run("--gtest_filter=FuzzPair.Fixed --replay=" + token).code, 0);
  // The same as bytes in a file, which is what libFuzzer leaves.
  std::ofstream(folder_ / "crash-1", std::ios::binary) << Schedule::FromToken(token).Encode();
  EXPECT_EQ(Run("--gtest_filter=FuzzPair.DISABLED_Leaky --replay=crash-1").code, 1);
  EXPECT_EQ(Run("--gtest_filter=FuzzPair.Fixed --replay=crash-1").code, 0);
}

TEST_F(FuzzRunner, KeptSchedulesAreReplayedBeforeAnythingIsExplored) {
  const std::string folder = (folder_ / "corpus" / "FuzzPair.DISABLED_Leaky").string();
  const Schedule leaks({{.op = 2, .kind = ScheduleEntry::Kind::kEarlyReturn}});
  // One that would not be explored: the failure is the kept schedule's.
  internal::WriteCorpus(folder, "FuzzPair.DISABLED_Leaky", internal::LayoutOf([] { Ask(0); }, {}),
                        {leaks});
  const std::string run = "--gtest_filter=FuzzPair.DISABLED_Leaky --schedules=1";
  for (const std::string& where : {std::string(), std::string(" --corpus=corpus")}) {
    const Ended ended = Run(run + where);
    EXPECT_EQ(ended.code, 1) << ended.output;
    EXPECT_TRUE(Has(ended.output, "kept.schedule")) << ended.output;
    EXPECT_FALSE(Has(ended.output, "another layout")) << ended.output;
  }
  const Ended without = Run(run + " --corpus=.");
  EXPECT_EQ(without.code, 0) << without.output;
  // Of another layout: said, and replayed all the same.
  internal::WriteCorpus(folder, "FuzzPair.DISABLED_Leaky", 1, {leaks});
  const Ended changed = Run(run);
  EXPECT_EQ(changed.code, 1);
  EXPECT_TRUE(Has(changed.output, "another layout")) << changed.output;
  // Damaged: refused, with the file's name.
  std::ofstream(folder + "/kept.schedule", std::ios::app) << "t1.\n";
  const Ended damaged = Run(run);
  EXPECT_EQ(damaged.code, 1);
  EXPECT_TRUE(Has(damaged.output, "kept.schedule: has something behind")) << damaged.output;
  // Somebody else's.
  internal::WriteCorpus(folder, "FuzzPair.Fixed", 1, {leaks});
  EXPECT_TRUE(Has(Run(run).output, "holds schedules of FuzzPair.Fixed, not of")) << Run(run).output;
}

TEST_F(FuzzRunner, LibFuzzerFindsTheLeakOrSaysWhatItNeeds) {
  const Ended ended = Run("--fuzz=FuzzPair.DISABLED_Leaky -- -runs=100000 -seed=1");
  if (!internal::HasLibFuzzer()) {
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(Has(ended.output, "-fsanitize=fuzzer-no-link")) << ended.output;
    return;
  }
  EXPECT_EQ(ended.code, 77) << ended.output;
  EXPECT_TRUE(Has(ended.output, "blocked in chan send")) << ended.output;
  EXPECT_TRUE(Has(ended.output, "minimal: yes")) << ended.output;
  // Neither was left in the archive by the linker.
  EXPECT_TRUE(Has(ended.output, "found LLVMFuzzerCustomMutator")) << ended.output;
  EXPECT_TRUE(Has(ended.output, "Extra Counters")) << ended.output;
  std::string crash;
  for (const auto& entry : fs::directory_iterator(folder_))
    if (entry.path().filename().string().starts_with("crash-")) crash = entry.path().filename();
  ASSERT_NE(crash, "");
  // The file is the schedule: libFuzzer's replay and ours show it again, and write nothing.
  fs::rename(folder_ / crash, folder_ / "input");
  EXPECT_EQ(Run("--fuzz=FuzzPair.DISABLED_Leaky -- input").code, 77);
  EXPECT_EQ(Run("--gtest_filter=FuzzPair.DISABLED_Leaky --replay=input").code, 1);
  EXPECT_EQ(Run("--fuzz=FuzzPair.Fixed -- input").code, 0);
  EXPECT_FALSE(fs::exists(folder_ / crash));
  EXPECT_EQ(Run("--fuzz=FuzzPair.Fixed -- -runs=2000").code, 0);
  EXPECT_EQ(Run("--fuzz=FuzzPair.DISABLED_Leaky -- -runs=100000 -error_exitcode=9").code, 9);
}

// What people do with libFuzzer, done with a body of ours.
TEST_F(FuzzRunner, LibFuzzersOwnVerbsWork) {
  if (!internal::HasLibFuzzer()) GTEST_SKIP() << "this build has no libFuzzer";
  const std::string leaky = "--fuzz=FuzzPair.DISABLED_Leaky -- ";
  const auto count = [&](const char* folder) {
    const auto files = fs::directory_iterator(folder_ / folder);
    return std::distance(fs::begin(files), fs::end(files));
  };
  // A failing schedule with three entries too many, none of which is reached.
  const Schedule leaks({{.op = 2, .kind = ScheduleEntry::Kind::kEarlyReturn},
                        {.task = {7}, .op = 1, .kind = ScheduleEntry::Kind::kHold},
                        {.task = {8}, .op = 1, .kind = ScheduleEntry::Kind::kHold},
                        {.task = {9}, .op = 1, .kind = ScheduleEntry::Kind::kHold}});
  fs::create_directories(folder_ / "corpus_in");
  fs::create_directories(folder_ / "merged");
  const auto write = [&](const fs::path& path, const std::string& bytes) {
    std::ofstream(folder_ / path, std::ios::binary) << bytes;
  };
  write("long", leaks.Encode());
  const Ended minimized = Run(leaky + "-minimize_crash=1 -runs=300 -exact_artifact_path=min long");
  EXPECT_EQ(minimized.code, 0) << minimized.output;
  EXPECT_LT(fs::file_size(folder_ / "min"), leaks.Encode().size());
  EXPECT_EQ(Run(leaky + "min").code, 77);

  // A merge goes on behind what fails.
  write("corpus_in/1", leaks.Encode());
  write("corpus_in/2", Schedule({{.op = 2, .kind = ScheduleEntry::Kind::kHold}}).Encode());
  const Ended merged = Run(leaky + "-merge=1 merged corpus_in");
  EXPECT_EQ(merged.code, 0) << merged.output;
  EXPECT_EQ(count("merged"), 1);

  const Ended jobs = Run(leaky + "-jobs=2 -workers=2 -runs=20000");
  EXPECT_NE(jobs.code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "fuzz-1.log"));
  const Ended fork = Run(leaky + "-fork=1 -runs=20000");
  EXPECT_EQ(fork.code, 77) << fork.output;
}

TEST_F(FuzzRunner, LibFuzzerBeginsWithWhatIsKept) {
  if (!internal::HasLibFuzzer()) GTEST_SKIP() << "this build has no libFuzzer";
  const std::string folder = (folder_ / "corpus" / "FuzzPair.DISABLED_Leaky").string();
  internal::WriteCorpus(folder, "FuzzPair.DISABLED_Leaky", 1,
                        {Schedule({{.op = 2, .kind = ScheduleEntry::Kind::kEarlyReturn}})});
  // No run is left for anything else.
  EXPECT_EQ(Run("--fuzz=FuzzPair.DISABLED_Leaky -- -runs=1").code, 77);
  EXPECT_EQ(Run("--fuzz=FuzzPair.DISABLED_Leaky --corpus=. -- -runs=1").code, 0);
}

}  // namespace
