#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/command/render.h"

namespace taskleak::internal {
namespace {

constexpr std::size_t kMost = 10;

// GitHub's own escapes; in a property two more characters end it.
std::string Escape(std::string_view text, bool property) {
  std::string result;
  for (const char c : text) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\r') {
      result += "%0D";
    } else if (c == '\n') {
      result += "%0A";
    } else if (property && c == ':') {
      result += "%3A";
    } else if (property && c == ',') {
      result += "%2C";
    } else {
      result += c;
    }
  }
  return result;
}

std::string Annotation(std::string_view kind, const Leak& leak, const std::string& root) {
  const Frame* blocked = UsersFrame(leak.blocked);
  const Frame* frame =
      blocked != nullptr && !blocked->file.empty() ? blocked : UsersFrame(leak.creation);
  std::string line = "::" + std::string(kind) + " ";
  if (frame != nullptr && !frame->file.empty()) {
    line += "file=" + Escape(Relative(frame->file, root), true);
    if (frame->line > 0) line += ",line=" + std::to_string(frame->line);
    line += ",";
  }
  line += "title=" + Escape("taskleak: a thread that never ends", true);
  std::string message = LeakInOneLine(leak);
  for (const auto& scope : leak.scopes) {
    if (scope.first.empty()) continue;
    message += "\nin " + scope.first;
    if (leak.scopes.size() > 1) message += " and elsewhere";
    break;
  }
  return line + "::" + Escape(message, false) + "\n";
}

}  // namespace

std::string AsGithub(const RunReport& report, const std::string& root) {
  std::map<LeakVerdict, std::vector<const Leak*>> kinds;
  for (const Leak& leak : report.leaks) {
    if (Counts(leak)) kinds[leak.verdict].push_back(&leak);
  }
  std::string text;
  for (const auto& [verdict, kind] :
       {std::pair{LeakVerdict::kProven, "error"}, std::pair{LeakVerdict::kSuspect, "warning"},
        std::pair{LeakVerdict::kIdle, "notice"}}) {
    const std::vector<const Leak*>& leaks = kinds[verdict];
    const std::size_t shown = leaks.size() > kMost ? kMost - 1 : leaks.size();
    for (std::size_t i = 0; i < shown; ++i) text += Annotation(kind, *leaks[i], root);
    if (leaks.size() == shown) continue;
    std::uint64_t threads = 0;
    for (std::size_t i = shown; i < leaks.size(); ++i) threads += leaks[i]->count;
    text += "::" + std::string(kind) + " title=" + Escape("taskleak: and more", true) +
            "::" + std::to_string(leaks.size() - shown) + " more leaks (" +
            Plural(threads, "thread") + "), " + std::string(ToString(verdict)) +
            "; the report has them all\n";
  }
  return text;
}

}  // namespace taskleak::internal
