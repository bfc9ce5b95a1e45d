// A failure's name across builds.
#include <algorithm>
#include <string>

#include "fuzz/ordinal.h"
#include "harness/explore/judge.h"
#include "taskleak/failure.h"

namespace taskleak {

std::string Failure::Identity() const {
  const std::string kind_name = ToString(kind);
  if (leaked.empty()) return kind_name;
  const TaskSnapshot& first = internal::MostTelling(leaked);
  std::string text = kind_name + ": " + first.path;
  if (!first.name.empty() && first.name != first.path) {
    text += " \"";
    for (const char c : first.name)
      text += static_cast<unsigned char>(c) < ' ' ? '?' : c;  // One line.
    text += "\"";
  }
  // An endless loop is the same at whichever of its operations it was stopped.
  if (first.state == TaskState::kRunningForEver) return text + " running for ever";
  const auto last =
      std::find_if(trace.events.rbegin(), trace.events.rend(), [&first](const TraceEvent& event) {
        return event.task == first.id && (event.kind == TraceEvent::Kind::kPark ||
                                          event.kind == TraceEvent::Kind::kOperation);
      });
  if (last == trace.events.rend()) return text;
  text += " in its " + internal::Ordinal(last->nth) + " " + last->operation;
  if (!last->object.empty()) text += " on " + last->object;
  return text;
}

}  // namespace taskleak
