#include "harness/report/prose.h"

#include <algorithm>

#include "fuzz/ordinal.h"
#include "src/stack/frame.h"

namespace taskleak::internal {

std::string NameOf(const Trace& trace, TaskId id) {
  if (id == 0 || id > trace.tasks.size()) return "nobody";
  const TraceTask& task = trace.tasks[id - 1];
  if (task.path.empty()) return "root";
  if (task.name.empty()) return "task " + std::to_string(id);
  const bool shared = std::any_of(
      trace.tasks.begin(), trace.tasks.end(),
      [&](const TraceTask& other) { return other.name == task.name && &other != &task; });
  return shared ? task.name + " (task " + std::to_string(id) + ")" : task.name;
}

namespace {

using Kind = ScheduleEntry::Kind;

const TraceTask* TaskAt(const Trace& trace, const TaskPath& path) {
  for (const TraceTask& task : trace.tasks)
    if (task.path == path) return &task;
  return nullptr;
}

std::string NameAt(const Trace& trace, const TaskPath& path) {
  const TraceTask* task = TaskAt(trace, path);
  return task == nullptr ? ToString(path) : NameOf(trace, task->id);
}

// "worker-2's 3rd chan send (worker_pool.cc:41)".
std::string OperationOf(const Trace& trace, const TraceEvent& event) {
  if (event.op == 0) return NameOf(trace, event.task) + "'s start";
  return NameOf(trace, event.task) + "'s " + Ordinal(event.nth) + " " + event.operation +
         (event.site ? " (" + At(event.site) + ")" : "");
}

// Whether the decision fell before the operation was done, or where its task could not go on.
std::string When(const Trace& trace, const TraceEvent& event, const ScheduleEntry& entry) {
  if (event.op == 0) return "at " + OperationOf(trace, event);
  return (entry.sub == 0 ? "before " : "during ") + OperationOf(trace, event);
}

std::string Tell(const Trace& trace, const TraceEvent& event) {
  const ScheduleEntry& entry = trace.exceptions[event.entry];
  switch (entry.kind) {
    case Kind::kTask:
      return When(trace, event, entry) + ", " + NameAt(trace, entry.target) + " ran first";
    case Kind::kTimer:
      return When(trace, event, entry) + ", timer " + std::to_string(entry.value) + " of " +
             NameAt(trace, entry.target) + " fired first";
    case Kind::kFault:
      return When(trace, event, entry) + ", the schedule did what " + NameAt(trace, entry.target) +
             " allowed (" + Ordinal(static_cast<std::uint64_t>(entry.value)) +
             " MayCancel or MayClose)";
    case Kind::kHold:
      return NameOf(trace, event.task) + " was held back from its " + Ordinal(event.nth) + " " +
             event.operation + " on" + (event.site ? " (" + At(event.site) + ")" : "") +
             ", until nothing else could move";
    case Kind::kCase:
      return OperationOf(trace, event) + " took its case " + std::to_string(entry.value) +
             ", though an earlier one was ready";
    case Kind::kEarlyReturn:
      return NameOf(trace, event.task) + " returned early the " + Ordinal(event.nth) +
             " time it was asked" + (event.site ? ", at " + At(event.site) : "") +
             " (EarlyReturn \"" + event.label + "\")";
    case Kind::kData:
      return OperationOf(trace, event) + " gave " + std::to_string(entry.value);
  }
  return "";
}

}  // namespace

std::string At(const Site& site) {
  return site ? std::string(Basename(site.file)) + ":" + std::to_string(site.line)
              : "an unknown place";
}

std::string WhereIs(const Trace& trace, TaskId id) {
  const TraceEvent* last = nullptr;
  const TraceEvent* operation = nullptr;
  const TraceEvent* early = nullptr;
  for (const TraceEvent& event : trace.events) {
    if (event.task != id || event.kind == TraceEvent::Kind::kTimer ||
        event.kind == TraceEvent::Kind::kException)
      continue;
    last = &event;
    if (event.kind == TraceEvent::Kind::kOperation) {
      operation = &event;
      if (event.operation == "early return" && event.outcome == 0) early = &event;
    }
  }
  if (last == nullptr) return "has not been seen";
  if (last->kind == TraceEvent::Kind::kEnd) {
    if (early != nullptr)
      return "returned at " + At(early->site) + " (EarlyReturn \"" + early->label + "\")";
    if (operation == nullptr) return "has ended";
    return "has ended (the last it did was " + operation->operation + " at " + At(operation->site) +
           ")";
  }
  if (last->kind == TraceEvent::Kind::kPark)
    return "is blocked itself, in " + last->operation + " at " + At(last->site);
  if (operation == nullptr) return "has not done anything yet";
  return "is after " + operation->operation + " at " + At(operation->site);
}

ScheduleProse TellSchedule(const Trace& trace, std::size_t limit) {
  ScheduleProse prose;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceEvent::Kind::kException) continue;
    if (prose.sentences.size() < limit)
      prose.sentences.push_back(Tell(trace, event));
    else
      ++prose.untold;
  }
  return prose;
}

}  // namespace taskleak::internal
