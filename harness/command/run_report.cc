#include "harness/command/run_report.h"

#include <algorithm>
#include <tuple>

namespace taskleak::internal {
namespace {

std::string Place(const std::vector<Frame>& stack) {
  const Frame* frame = UsersFrame(stack);
  if (frame == nullptr) return "";
  if (frame->file.empty()) return frame->function;
  return frame->function + " (" + FormatLocation(*frame) + ")";
}

}  // namespace

std::string_view ToString(LeakVerdict verdict) {
  switch (verdict) {
    case LeakVerdict::kIdle:
      return "idle";
    case LeakVerdict::kSuspect:
      return "suspect";
    case LeakVerdict::kProven:
      break;
  }
  return "proven";
}

std::optional<LeakVerdict> LeakVerdictNamed(std::string_view name) {
  for (const LeakVerdict verdict :
       {LeakVerdict::kIdle, LeakVerdict::kSuspect, LeakVerdict::kProven}) {
    if (name == ToString(verdict)) return verdict;
  }
  return std::nullopt;
}

bool Counts(const Leak& leak) { return leak.suppressed_by.empty() && leak.baselined.empty(); }

std::uint64_t RunReport::Count(LeakVerdict verdict) const {
  std::uint64_t count = 0;
  for (const Leak& leak : leaks) {
    if (leak.verdict == verdict && Counts(leak)) count += leak.count;
  }
  return count;
}

bool RunReport::Fails(LeakVerdict least) const {
  return std::any_of(leaks.begin(), leaks.end(),
                     [least](const Leak& leak) { return leak.verdict >= least && Counts(leak); });
}

void SortLeaks(RunReport* report) {
  const auto key = [](const Leak& leak) {
    return std::make_tuple(-static_cast<int>(leak.verdict), ~leak.count, LeakInOneLine(leak));
  };
  std::sort(report->leaks.begin(), report->leaks.end(),
            [key](const Leak& a, const Leak& b) { return key(a) < key(b); });
}

const Frame* UsersFrame(const std::vector<Frame>& stack) {
  const auto at = std::find_if(stack.begin(), stack.end(), [](const Frame& frame) {
    return frame.origin == FrameOrigin::kUser;
  });
  return at != stack.end() ? &*at : nullptr;
}

std::string Plural(std::uint64_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " " + std::string(noun);
  if (count == 1) return text;
  if (noun.ends_with("y")) return text.substr(0, text.size() - 1) + "ies";
  return text + (noun.ends_with("s") ? "es" : "s");
}

std::string LeakInOneLine(const Leak& leak) {
  std::string text = Plural(leak.count, "thread") + " blocked in " + leak.operation;
  if (const std::string place = Place(leak.blocked); !place.empty()) text += " at " + place;
  if (const std::string place = Place(leak.creation); !place.empty())
    text += ", started at " + place;
  return text;
}

}  // namespace taskleak::internal
