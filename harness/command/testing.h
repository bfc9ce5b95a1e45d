// What the tests of the command share: a fixed report, folders of their own, and the command
// itself.
#ifndef TASKLEAK_HARNESS_COMMAND_TESTING_H_
#define TASKLEAK_HARNESS_COMMAND_TESTING_H_

#include <map>
#include <string>
#include <vector>

#include "harness/command/run_report.h"

namespace taskleak::internal {

Frame UserFrame(const std::string& function, const std::string& file, int line);

// A leak at `function` in `file`, started by Start().
Leak MakeLeak(const std::string& function, const std::string& file, int line,
              LeakVerdict verdict = LeakVerdict::kProven);

// Two processes; a proven leak of three threads in two tests, a suspect one of no test, an idle
// pool and a suppressed one.
RunReport FixedReport();

// A folder of its own, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Writes it and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;
  std::string Read(const std::string& name) const;

 private:
  std::string path_;
};

struct CommandOutcome {
  int exit = -1;  // 128+n for a signal.
  std::string out;
  std::string err;
};

// Runs a program to its end, with these variables, in `folder`.
CommandOutcome RunProgram(const std::vector<std::string>& arguments, const ScratchFolder& folder,
                          const std::map<std::string, std::string>& environment = {});

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_TESTING_H_
