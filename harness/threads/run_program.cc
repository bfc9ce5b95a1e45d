#include "harness/threads/run_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace taskleak::internal {
namespace {

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A directory of its own, removed at the end.
class Scratch {
 public:
  Scratch() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Scratch() { std::filesystem::remove_all(path_.data()); }
  std::string At(const std::string& file) const { return std::string(path_.data()) + "/" + file; }

 private:
  std::array<char, 32> path_{"/tmp/taskleak-programs-XXXXXX"};
};

void SendTo(const std::string& path, int file) {
  dup2(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), file);
}

}  // namespace

Outcome RunProgram(const std::vector<std::string>& command, bool preloaded,
                   const std::vector<std::pair<std::string, std::string>>& environment) {
  const Scratch scratch;
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    SendTo(scratch.At("output"), STDOUT_FILENO);
    SendTo(scratch.At("errors"), STDERR_FILENO);
    setenv("TASKLEAK_REPORT_DIR", scratch.At("").c_str(), 1);
    // What LeakSanitizer says of a lost handle, or in the child of a fork, is not the subject;
    // gcc's wants to be first, and need not be.
    setenv("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0", 1);
    // Far off: whoever hangs is to be found by proof.
    if (kWithTsan) setenv("TASKLEAK_DEADLINE", "250", 1);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    if (preloaded) setenv("LD_PRELOAD", TASKLEAK_PRELOAD, 1);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  Outcome run;
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) run.exit_code = 128 + WTERMSIG(status);
  run.output = ReadAll(scratch.At("output"));
  run.error_output = ReadAll(scratch.At("errors"));
  run.json = ReadAll(scratch.At("taskleak-" + std::to_string(child) + ".json"));
  return run;
}

}  // namespace taskleak::internal
