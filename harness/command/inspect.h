// What can be said of a command before it is started.
#ifndef TASKLEAK_HARNESS_COMMAND_INSPECT_H_
#define TASKLEAK_HARNESS_COMMAND_INSPECT_H_

#include <string>

namespace taskleak::internal {

struct Inspection {
  std::string path;     // Of the file; empty: it was not found.
  std::string problem;  // A sentence: it cannot be started; empty: it can.
  std::string
      warning;  // A sentence: it runs, but cannot be seen into; empty: nothing is known of it.
};

// As a shell finds it: `name` has a slash, or lies in a folder of PATH. Of a script the interpreter
// is looked at too.
Inspection InspectCommand(const std::string& name);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_INSPECT_H_
