// The report as people read it, in the tone of the sanitizers.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "fuzz/script.h"
#include "harness/explore/judge.h"
#include "harness/report/prose.h"
#include "src/stack/frame.h"
#include "src/stack/symbolize.h"
#include "taskleak/failure.h"

namespace taskleak {
namespace {

using internal::At;
using internal::NameOf;
using internal::WhereIs;

constexpr std::size_t kMaxGroups = 20;
constexpr std::size_t kMaxNamed = 8;
constexpr std::size_t kMaxSentences = 30;

std::string Seconds(Duration duration) {
  std::ostringstream out;
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds == 0) return "0s";
  if (seconds < 1e-3) {
    out << duration.count() << "ns";
  } else if (seconds < 1) {
    out << seconds * 1e3 << "ms";
  } else {
    out << seconds << "s";
  }
  return out.str();
}

std::string Count(std::uint64_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

void PrintStack(std::ostream& out, const std::vector<std::uintptr_t>& pcs, const Site& site) {
  const std::vector<internal::Frame> frames =
      internal::TrimToUser(internal::Symbolizer::Global().SymbolizeStack(pcs));
  // Without frame pointers in the user's code the walk finds nothing of it: the call's own place is
  // still known.
  if (frames.empty()) {
    out << "    #0 " << At(site) << "\n";
    return;
  }
  for (std::size_t i = 0; i < frames.size(); ++i)
    out << internal::FormatFrame(frames[i], static_cast<int>(i)) << "\n";
}

// Who is needed at the other end, and what became of who was there last.
struct Ends {
  bool needs_feeder;   // Blocked on something that others give.
  const char* needed;  // "receiver"
  const char* did;     // "receive"
};

Ends EndsOf(const TaskSnapshot& task, const ObjectSnapshot& object, std::size_t index,
            const std::string& operation) {
  if (operation == "chan send") return {false, "receiver", "receive"};
  if (operation == "chan recv") return {true, "sender", "send or close"};
  if (operation == "lock" || operation == "rlock") return {false, "unlock", "lock"};
  if (operation == "waitgroup wait") return {true, "Done", "call Add or Done"};
  if (operation == "cond wait") return {true, "signal", "signal"};
  if (operation == "semaphore acquire") return {false, "release", "acquire"};
  if (operation == "once") return {true, "end of the first call", "enter it"};
  if (operation == "select" && index < task.sends.size()) {
    if (task.sends[index]) return {false, "receiver", "receive"};
    return {true, object.kind == "channel" ? "sender" : "end", "send or close"};
  }
  return {true, "partner", "touch it"};
}

// The user's place in a stack. The call's own site may be the standard library's (std::lock_guard,
// std::make_shared), or missing; where the stack tells nothing of the user, it has to do.
std::string PlaceOf(const std::vector<std::uintptr_t>& pcs, const Site& site) {
  const std::vector<internal::Frame> frames =
      internal::TrimToUser(internal::Symbolizer::Global().SymbolizeStack(pcs));
  return frames.empty() || frames.front().origin != internal::FrameOrigin::kUser ||
                 frames.front().file.empty()
             ? At(site)
             : internal::FormatLocation(frames.front());
}

std::string Describe(const ObjectSnapshot& object) {
  if (object.nil) return "a nil channel, on which every operation blocks for ever";
  std::ostringstream out;
  out << object.kind << " " << object.id << " (";
  if (object.kind == "channel") {
    if (object.capacity == 0)
      out << "unbuffered, ";
    else
      out << object.length << " of " << object.capacity << " buffered, ";
    if (object.closed) out << "closed, ";
  }
  if (object.kind == "wait group") out << "count " << object.value << ", ";
  if (object.kind == "semaphore") out << object.value << " free, ";
  if (object.kind == "rwmutex" && object.value > 0)
    out << Count(static_cast<std::uint64_t>(object.value), "reader") << " inside, ";
  out << "made at " << PlaceOf(object.made_stack, object.made_at) << ")";
  return out.str();
}

void PrintObject(std::ostream& out, const Failure& failure, const TaskSnapshot& task,
                 std::size_t index) {
  const ObjectSnapshot& object = task.objects[index];
  out << "    " << (task.objects.size() > 1 ? "case " + std::to_string(index) + ": " : "on ")
      << Describe(object);
  if (object.nil) {
    out << "\n";
    return;
  }
  if (object.destroyed) out << ", destroyed while tasks waited on it";
  if (object.kind == "context") {
    out << ": nobody has cancelled it, and no deadline is left\n";
    return;
  }
  const Ends ends = EndsOf(task, object, index, task.operation);
  const ObjectSnapshot::Use& use = ends.needs_feeder ? object.last_feeding : object.last_fed;
  out << ":\n      no " << ends.needed << " is left; ";
  if (use.task == 0) {
    out << "nobody ever came to " << ends.did;
  } else if (use.task == task.id) {
    out << "the last to " << ends.did << " was this task itself, at " << At(use.site);
  } else {
    out << "the last to " << ends.did << " was " << NameOf(failure.trace, use.task) << " at "
        << At(use.site) << ", which " << WhereIs(failure.trace, use.task);
  }
  if (object.waiting.size() > 1) {
    out << "; waiting there: ";
    for (std::size_t i = 0; i < object.waiting.size() && i < kMaxNamed; ++i)
      out << (i == 0 ? "" : ", ") << NameOf(failure.trace, object.waiting[i]);
    if (object.waiting.size() > kMaxNamed)
      out << " and " << object.waiting.size() - kMaxNamed << " more";
  }
  out << "\n";
}

std::string Title(const TaskSnapshot& task) {
  return "Task " + std::to_string(task.id) + (task.name.empty() ? "" : " \"" + task.name + "\"");
}

// "blocked in chan send for 2.5s (virtual)".
std::string State(const TaskSnapshot& task) {
  if (task.state == TaskState::kBlocked || task.state == TaskState::kSleeping)
    return "blocked in " + task.operation + " for " + Seconds(task.blocked_for) + " (virtual)" +
           (task.suspect ? ", suspect: nobody touched what it waits for" : "");
  if (task.state == TaskState::kRunningForEver)
    return "running for ever, last in " + task.operation;
  return "in " + task.operation;
}

void PrintGroup(std::ostream& out, const Failure& failure, const TaskGroup& group) {
  const TaskSnapshot& task = group.tasks.front();
  if (group.tasks.size() == 1) {
    out << Title(task) << ", " << State(task) << "\n";
  } else {
    out << group.tasks.size() << " tasks, " << State(task) << ": ";
    for (std::size_t i = 0; i < group.tasks.size() && i < kMaxNamed; ++i)
      out << (i == 0 ? "" : ", ") << NameOf(failure.trace, group.tasks[i].id);
    if (group.tasks.size() > kMaxNamed) out << " and " << group.tasks.size() - kMaxNamed << " more";
    out << "\n";
  }
  PrintStack(out, task.blocked_stack, task.blocked_at);
  for (std::size_t i = 0; i < task.objects.size(); ++i) PrintObject(out, failure, task, i);
  if (task.operation == "select" && task.objects.empty() && task.state == TaskState::kBlocked)
    out << "    with no case at all, which blocks for ever\n";
  for (const auto& [key, value] : task.labels) out << "    label " << key << "=" << value << "\n";
  if (task.parent != 0) {
    out << "  started by " << NameOf(failure.trace, task.parent) << " at\n";
    PrintStack(out, task.creation_stack, task.created_at);
  }
  out << "\n";
}

// What a person tells two stacks apart by. A loop that the compiler has unrolled gives one place
// several program counters.
std::string Places(const std::vector<std::uintptr_t>& pcs) {
  std::string places;
  for (const internal::Frame& frame :
       internal::TrimToUser(internal::Symbolizer::Global().SymbolizeStack(pcs)))
    places += frame.function + internal::FormatLocation(frame) + "\n";
  return places;
}

std::vector<TaskGroup> Groups(const Failure& failure) {
  std::vector<TaskGroup> groups;
  std::map<std::string, std::size_t> index;
  for (TaskGroup& group : GroupTasks(failure.leaked)) {
    const TaskSnapshot& task = group.tasks.front();
    const auto [found, inserted] = index.emplace(
        Places(task.creation_stack) + At(task.created_at) + "|" + Places(task.blocked_stack) +
            At(task.blocked_at) + "|" + ToString(task.state) + task.operation,
        groups.size());
    if (inserted) {
      groups.push_back(std::move(group));
    } else {
      std::vector<TaskSnapshot>& tasks = groups[found->second].tasks;
      tasks.insert(tasks.end(), group.tasks.begin(), group.tasks.end());
    }
  }
  internal::MostTellingFirst(groups, [&failure](const TaskGroup& group) {
    return internal::Rank(group.tasks.front(), failure.leaked);
  });
  return groups;
}

std::string Headline(const Failure& failure) {
  std::ostringstream out;
  const std::size_t count = failure.leaked.size();
  switch (failure.kind) {
    case FailureKind::kLeak:
      out << Count(count, "task") << " never ended";
      break;
    case FailureKind::kDeadlock:
      out << "deadlock: root cannot go on; " << Count(count, "task") << " never ended";
      break;
    case FailureKind::kPanic:
      out << "panic: " << failure.message;
      break;
    case FailureKind::kException:
      out << "an exception left a task: " << failure.message;
      break;
    case FailureKind::kAssertion:
      out << "an assertion of the body failed";
      break;
    case FailureKind::kNondeterminism:
      out << "the body is not deterministic";
      break;
    case FailureKind::kStepLimit:
      out << "the run did not end within " << 2 * failure.schedule.max_steps << " operations";
      break;
  }
  out << " (";
  if (failure.found_after > 0) {
    out << "schedule " << failure.found_after;
    if (failure.out_of > 0) out << " of " << failure.out_of;
    out << ", ";
  }
  out << Count(failure.schedule.size(), "decision");
  const bool endless =
      std::any_of(failure.leaked.begin(), failure.leaked.end(),
                  [](const TaskSnapshot& t) { return t.state == TaskState::kRunningForEver; });
  if (failure.kind == FailureKind::kLeak || failure.kind == FailureKind::kDeadlock)
    out << (endless ? "; it runs on while nothing else changes" : "; proven: nothing can run");
  out << ")";
  return out.str();
}

}  // namespace

std::string Failure::Text() const {
  std::ostringstream out;
  out << "==" << getpid() << "==ERROR: taskleak: " << Headline(*this) << "\n\n";
  if ((kind == FailureKind::kAssertion || kind == FailureKind::kNondeterminism) && !message.empty())
    out << message << "\n\n";
  const std::vector<TaskGroup> groups = Groups(*this);
  for (std::size_t i = 0; i < groups.size() && i < kMaxGroups; ++i)
    PrintGroup(out, *this, groups[i]);
  if (groups.size() > kMaxGroups)
    out << "… and " << groups.size() - kMaxGroups << " more groups of tasks.\n\n";

  const auto [sentences, untold] = internal::TellSchedule(trace, kMaxSentences);
  out << "what the schedule did:" << (sentences.size() > 1 ? "" : " ");
  if (kind == FailureKind::kNondeterminism) {
    out << "it cannot be said, since it does not repeat.\n";
  } else if (sentences.empty()) {
    out << "nothing. The canonical run shows it by itself.\n";
  } else if (sentences.size() == 1) {
    out << sentences[0] << "." << (minimal ? " Nothing else matters." : "") << "\n";
  } else {
    out << "\n";
    for (std::size_t i = 0; i < sentences.size(); ++i)
      out << "  " << i + 1 << ". " << sentences[i] << "\n";
    if (untold > 0) out << "  … and " << untold << " more decisions\n";
    if (minimal) out << "  Nothing else matters.\n";
  }
  out << "minimal: "
      << (minimal ? "yes, no decision can be left out"
                  : "not proven: shrinking was off, or its budget ended first")
      << " (" << entries_before_shrinking << " before shrinking)\n";
  if (abandoned > 0)
    out << "abandoned: " << Count(abandoned, "task")
        << " could not be unwound (a noexcept frame, or a loop that swallows "
        << "every exception); what they hold is left\n";
  if (!replay_line.empty()) out << "replay: " << replay_line << "\n";
  out << Summary() << "\n";
  return out.str();
}

std::string Failure::Script() const {
  return "# " + (body.empty() ? std::string("a body") : body) +
         "\n# Edit what the schedule decides, and replay it: --replay=THISFILE, or "
         "TASKLEAK_REPLAY=THISFILE.\n" +
         internal::WriteScript(schedule, trace);
}

std::string Failure::Summary() const {
  std::ostringstream out;
  out << "SUMMARY: taskleak: ";
  const std::vector<TaskGroup> groups = Groups(*this);
  if (kind == FailureKind::kAssertion || kind == FailureKind::kNondeterminism || groups.empty()) {
    out << ToString(kind);
    if (!body.empty()) out << " in " << body;
    if (kind == FailureKind::kAssertion)
      out << ": " << internal::Basename(std::string_view(message).substr(0, message.find(": ")));
    return out.str();
  }
  const TaskSnapshot& task = groups.front().tasks.front();
  if (kind == FailureKind::kPanic || kind == FailureKind::kException) {
    out << ToString(kind) << " \"" << message << "\" in "
        << (task.name.empty() ? Title(task) : task.name) << " after " << task.operation << " ("
        << PlaceOf(task.blocked_stack, task.blocked_at) << ")";
  } else {
    out << Count(groups.front().tasks.size(), "task")
        << (task.state == TaskState::kRunningForEver ? " running for ever, last in "
                                                     : " blocked in ")
        << task.operation << " (" << PlaceOf(task.blocked_stack, task.blocked_at) << ")";
    if (groups.size() > 1) out << " and " << leaked.size() - groups.front().tasks.size() << " more";
  }
  if (task.parent != 0) out << ", started at " << PlaceOf(task.creation_stack, task.created_at);
  return out.str();
}

}  // namespace taskleak
