#include "harness/command/suppressions.h"

#include <fnmatch.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "harness/command/fingerprint.h"

namespace taskleak::internal {
namespace {

bool Glob(const std::string& pattern, const std::string& text) {
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool AnyFunction(const std::string& pattern, const std::vector<Frame>& stack) {
  return std::any_of(stack.begin(), stack.end(), [&](const Frame& frame) {
    return Glob(pattern, frame.function) || Glob(pattern, NormalizedName(frame.function));
  });
}

std::string Trimmed(std::string text) {
  text.erase(std::min(text.find('#'), text.size()));
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::optional<Suppressions> Suppressions::Parse(std::string_view text, const std::string& path,
                                                std::string* problem) {
  Suppressions result;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string rule = Trimmed(line);
    if (rule.empty()) continue;
    const std::string place = path + ":" + std::to_string(number) + ": ";
    const std::size_t colon = rule.find(':');
    const std::string kind = rule.substr(0, colon);
    if (colon == std::string::npos || colon + 1 == rule.size() ||
        (kind != "taskleak" && kind != "thread" && kind != "module")) {
      *problem = place + "\"" + rule +
                 "\" is no rule; write taskleak:GLOB for a function, thread:GLOB for a thread's "
                 "name, or module:GLOB for a library.";
      return std::nullopt;
    }
    result.rules_.push_back({kind, rule.substr(colon + 1), place + rule});
  }
  return result;
}

bool Suppressions::Matches(const Rule& rule, const Leak& leak) {
  if (rule.kind == "taskleak")
    return AnyFunction(rule.pattern, leak.blocked) || AnyFunction(rule.pattern, leak.creation);
  if (rule.kind == "module") {
    return std::any_of(leak.creation.begin(), leak.creation.end(), [&](const Frame& frame) {
      return Glob(rule.pattern, std::string(Basename(frame.module)));
    });
  }
  return !leak.threads.empty() &&
         std::all_of(leak.threads.begin(), leak.threads.end(),
                     [&](const LeakedThread& thread) { return Glob(rule.pattern, thread.name); });
}

void Suppressions::Apply(RunReport* report) const {
  for (const Rule& rule : rules_) {
    bool used = false;
    for (Leak& leak : report->leaks) {
      if (!Matches(rule, leak)) continue;
      used = true;
      if (leak.suppressed_by.empty()) leak.suppressed_by = rule.origin;
    }
    if (!used)
      report->notes.push_back({"unused rule", rule.origin + " matched no leak; remove it."});
  }
}

}  // namespace taskleak::internal
