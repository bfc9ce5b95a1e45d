// A command, started and waited for.
#ifndef TASKLEAK_HARNESS_COMMAND_CHILD_H_
#define TASKLEAK_HARNESS_COMMAND_CHILD_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace taskleak::internal {

struct ChildOutcome {
  std::string problem;  // It could not be started: the system's words. Empty: it was.
  int pid = 0;
  int exit = 0;  // 128+n when signal n ended it.
  bool signalled = false;
  bool interrupted = false;  // We were sent a signal meanwhile, and handed it on.
  bool timed_out =
      false;  // It passed its deadline, waiting for no child of its own, and was ended.
};

// Starts `path` with these arguments and changes to the environment, and waits. SIGINT, SIGTERM,
// SIGHUP and SIGQUIT that we are sent meanwhile are handed on, but for those of the terminal, which
// it gets itself. `deadline` is in seconds. One at a time, from the only thread.
ChildOutcome RunChild(const std::string& path, const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment,
                      std::optional<double> deadline);

// Whether a process of that pid runs; one that has ended and was not waited for does not.
bool Lives(int pid);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_CHILD_H_
