// Where libtaskleak_preload.so lies, and the environment with which a process loads it.
#ifndef TASKLEAK_HARNESS_COMMAND_PRELOAD_PATH_H_
#define TASKLEAK_HARNESS_COMMAND_PRELOAD_PATH_H_

#include <map>
#include <string>

namespace taskleak::internal {

// `wanted`, or, where that is empty, the one beside this program, installed or in the build tree.
// Empty, and a sentence, when there is none.
std::string FindPreload(const std::string& wanted, std::string* problem);

// What a process and all that it starts need to be seen: the preload before those of the user, the
// folder, and the sanitizers' options that a preloaded library wants, before the user's own, which
// win.
std::map<std::string, std::string> PreloadEnvironment(const std::string& preload,
                                                      const std::string& folder);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_PRELOAD_PATH_H_
