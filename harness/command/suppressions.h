// A file of what is known and not to be reported, in the sanitizers' syntax.
#ifndef TASKLEAK_HARNESS_COMMAND_SUPPRESSIONS_H_
#define TASKLEAK_HARNESS_COMMAND_SUPPRESSIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/command/run_report.h"

namespace taskleak::internal {

// One line each, and # begins a comment:
//   taskleak:GLOB   any function of either stack
//   thread:GLOB     the thread's name
//   module:GLOB     the file name of a module of the creation stack
class Suppressions {
 public:
  // Nothing, and a sentence that names file and line, for what is no such file.
  static std::optional<Suppressions> Parse(std::string_view text, const std::string& path,
                                           std::string* problem);

  // Marks each leak that a rule matches, and adds a note for each rule that matched none. Of a leak
  // of several threads a rule for names must match them all.
  void Apply(RunReport* report) const;

 private:
  struct Rule {
    std::string kind;
    std::string pattern;
    std::string origin;  // "file:line: kind:pattern"
  };

  static bool Matches(const Rule& rule, const Leak& leak);

  std::vector<Rule> rules_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_SUPPRESSIONS_H_
