#include "harness/command/testing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/command/fingerprint.h"

namespace taskleak::internal {

Frame UserFrame(const std::string& function, const std::string& file, int line) {
  Frame frame;
  frame.function = function;
  frame.linkage_name = "_Z" + function;
  frame.file = file;
  frame.line = line;
  frame.module = "/project/build/pool_test";
  frame.offset = 0x1234;
  return frame;
}

Leak MakeLeak(const std::string& function, const std::string& file, int line, LeakVerdict verdict) {
  Leak leak;
  leak.verdict = verdict;
  leak.operation = "cond wait";
  leak.object = "condition variable";
  leak.count = 1;
  leak.blocked = {UserFrame(function, file, line)};
  leak.creation = {UserFrame("Start()", "/project/src/start.cc", 7)};
  leak.scopes[""] = 1;
  leak.threads.push_back({42, 43, 2, "worker", "", 0, 0});
  leak.fingerprint = Fingerprint(leak.operation, leak.blocked, leak.creation);
  return leak;
}

RunReport FixedReport() {
  RunReport report;
  report.tool_version = "0.1.0";
  report.command = {"ctest", "-j", "8"};
  report.start = "2026-01-31T12:00:00Z";
  report.exit = 0;
  report.complete = true;
  report.build_ids["/project/build/pool_test"] = "00ff12";
  ProcessSeen process;
  process.pid = 42;
  process.program = "/project/build/pool_test";
  process.argv = {"./pool_test", "--gtest_filter=Pool.Stops"};
  process.exit = 0;
  process.judged = true;
  process.reason = "the process ends";
  report.processes = {process, process};
  report.processes[1].pid = 52;

  Leak proven = MakeLeak("Pool::Work(Job<int>&)", "/project/src/pool.cc", 41);
  proven.blocked.push_back(UserFrame("Pool::Run()", "/project/src/pool.cc", 60));
  proven.creation.push_back(UserFrame("main()", "/project/src/main.cc", 3));
  proven.fingerprint = Fingerprint(proven.operation, proven.blocked, proven.creation);
  proven.count = 3;
  proven.scopes = {{"Pool.Stops", 2}, {"Pool.Grows/1", 1}};
  proven.threads = {{42, 43, 2, "worker", "Pool.Stops", 1200, 0},
                    {42, 44, 3, "worker", "Pool.Stops", 1500, 0},
                    {52, 53, 2, "other", "Pool.Grows/1", 900, 0}};
  Leak suppressed = MakeLeak("Known()", "/project/src/known.cc", 5);
  suppressed.suppressed_by = "known.txt:1: taskleak:Known";
  report.leaks = {proven,
                  MakeLeak("Reader::Loop()", "/elsewhere/reader, v2.cc", 9, LeakVerdict::kSuspect),
                  MakeLeak("Idle::Wait()", "/project/src/idle.cc", 2, LeakVerdict::kIdle), suppressed};
  report.notes = {{"unjudged", "1 of 3 processes left no report: crasher."}};
  return report;
}

ScratchFolder::ScratchFolder() : path_(testing::TempDir() + "taskleak-command-XXXXXX") {
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string ScratchFolder::Write(const std::string& name, const std::string& content) const {
  std::filesystem::create_directories(std::filesystem::path(File(name)).parent_path());
  std::ofstream(File(name)) << content;
  return File(name);
}

std::string ScratchFolder::Read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(File(name)).rdbuf();
  return text.str();
}

CommandOutcome RunProgram(const std::vector<std::string>& arguments, const ScratchFolder& folder,
                          const std::map<std::string, std::string>& environment) {
  const pid_t child = fork();
  if (child == 0) {
    for (const auto& variable : environment)
      setenv(variable.first.c_str(), variable.second.c_str(), 1);
    const int out = open(folder.File(".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = open(folder.File(".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
      pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    if (chdir(folder.path().c_str()) == 0) execv(pointers[0], pointers.data());
    _exit(127);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  CommandOutcome outcome;
  outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = folder.Read(".out");
  outcome.err = folder.Read(".err");
  return outcome;
}

}  // namespace taskleak::internal
