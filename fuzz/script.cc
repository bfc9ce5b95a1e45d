#include "fuzz/script.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "fuzz/ordinal.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

using Kind = ScheduleEntry::Kind;

constexpr std::string_view kAnyOperation = "operation";
constexpr std::string_view kStart = "start";

struct Setting {
  std::string_view name;
  FaultBits bit;
};
constexpr Setting kSettings[] = {
    {"early returns", kEarlyReturns}, {"cancels", kCancels}, {"closes", kCloses},
    {"early timers", kEarlyTimers},   {"holds", kHolds},     {"fuzzed data", kFuzzedData}};

// The words that are nicer than OpName's.
struct Word {
  std::string_view said;
  std::string_view operation;
};
constexpr Word kWords[] = {{"send", "chan send"}, {"receive", "chan recv"}};

std::string Said(const std::string& operation) {
  for (const Word& word : kWords)
    if (word.operation == operation) return std::string(word.said);
  return operation;
}

// Takes what stands before `separator`, which must be there, off the front.
std::optional<std::string_view> Before(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + separator.size());
  return front;
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

template <class Number>
std::optional<Number> ToNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "3rd" is 3; how it ends is for the reader.
std::optional<std::uint32_t> ToOrdinal(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  return ToNumber<std::uint32_t>(text.substr(0, text.size() - 2));
}

std::string_view Trimmed(std::string_view text) {
  text = text.substr(0, text.find('#'));
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

bool IsOperation(std::string_view operation) {
  for (std::size_t kind = 1; kind < static_cast<std::size_t>(OpKind::kCount); ++kind)
    if (operation == OpName(static_cast<OpKind>(kind))) return true;
  return operation == kAnyOperation || operation == kStart;
}

const TraceEvent* EventOf(const Trace& trace, const ScheduleEntry& entry) {
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceEvent::Kind::kException) continue;
    const ScheduleEntry& other = trace.exceptions[event.entry];
    if (other.task == entry.task && other.op == entry.op && other.sub == entry.sub &&
        other.kind == entry.kind)
      return &event;
  }
  return nullptr;
}

// A name that a reader takes for no other task and the parser for nothing else.
std::string NameOf(const Trace& trace, const TaskPath& path) {
  const auto is_it = [&path](const TraceTask& task) { return task.path == path; };
  const auto task = std::find_if(trace.tasks.begin(), trace.tasks.end(), is_it);
  if (task == trace.tasks.end() || task->name.empty() ||
      task->name.find_first_of(" :,#") != std::string::npos || task->name.starts_with("root."))
    return ToString(path);
  const auto others = std::count_if(trace.tasks.begin(), trace.tasks.end(),
                                    [&](const TraceTask& t) { return t.name == task->name; });
  return others == 1 ? task->name : ToString(path);
}

std::string Where(const Trace& trace, const ScheduleEntry& entry) {
  if (entry.op == 0) return std::string(kStart);
  const TraceEvent* event = EventOf(trace, entry);
  std::string text = event != nullptr ? Ordinal(event->nth) + " " + Said(event->operation)
                                      : Ordinal(entry.op) + " " + std::string(kAnyOperation);
  if (entry.kind <= Kind::kHold && entry.sub > 0)
    text += ", " + Ordinal(entry.sub + std::uint64_t{1}) + " decision";
  return text;
}

std::string WriteEntry(const Trace& trace, const ScheduleEntry& entry) {
  const std::string task = NameOf(trace, entry.task);
  const std::string where = Where(trace, entry);
  const std::string value = std::to_string(entry.value);
  const auto target = [&] { return NameOf(trace, entry.target); };
  if (entry.kind == Kind::kHold) return "hold " + task + " from its " + where;
  std::string text = task + " at its " + where + ": ";
  switch (entry.kind) {
    case Kind::kTask:
      return text + target() + " runs first";
    case Kind::kTimer:
      return text + "timer " + value + " of " + target() + " fires";
    case Kind::kFault:
      return text + "fault " + value + " of " + target() + " happens";
    case Kind::kCase:
      return text + "takes case " + value;
    case Kind::kEarlyReturn:
      return text + "returns";
    case Kind::kData:
      return text + "gives " + value;
    case Kind::kHold:
      break;
  }
  return text;
}

}  // namespace

std::string WriteScript(const taskleak::Schedule& schedule, const Trace& trace) {
  std::string text;
  if (schedule.max_steps != taskleak::Schedule().max_steps)
    text += "limit " + std::to_string(schedule.max_steps) + " operations\n";
  for (const Setting& setting : kSettings)
    if ((schedule.faults & setting.bit) == 0) text += "without " + std::string(setting.name) + "\n";
  std::vector<std::pair<std::size_t, std::size_t>> order;  // When it came, which entry.
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    const TraceEvent* event = EventOf(trace, schedule.entries()[i]);
    order.emplace_back(event != nullptr ? event - trace.events.data() : trace.events.size(), i);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [when, i] : order) text += WriteEntry(trace, schedule.entries()[i]) + "\n";
  return text;
}

Script::Script(std::string_view text) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    try {
      if (!ParseSetting(line)) lines_.push_back(ParseLine(line));
    } catch (const UsageError& error) {
      throw UsageError("line " + std::to_string(number) + " of the schedule, \"" +
                       std::string(line) + "\", " + error.what());
    }
  }
}

bool Script::ParseSetting(std::string_view text) {
  if (TakePrefix(text, "without ")) {
    for (const Setting& setting : kSettings) {
      if (text != setting.name) continue;
      faults_ &= static_cast<std::uint8_t>(~setting.bit);
      return true;
    }
    throw UsageError(
        "switches off something that there is not: there are early returns, cancels, closes, "
        "early timers, holds and fuzzed data");
  }
  if (!TakePrefix(text, "limit ")) return false;
  const auto limit = TakeSuffix(text, " operations") ? ToNumber<std::uint64_t>(text) : std::nullopt;
  if (limit.value_or(0) == 0) throw UsageError("should be like \"limit 5000 operations\"");
  max_steps_ = *limit;
  return true;
}

Script::Line Script::ParseLine(std::string_view text) {
  Line line;
  line.text = text;
  const auto refuse = [] {
    throw UsageError(
        "should be like \"worker-2 at its 3rd send: collector runs first\" or \"hold worker-1 from "
        "its 2nd receive\"");
  };
  const bool hold = TakePrefix(text, "hold ");
  const auto task = Before(text, hold ? " from its " : " at its ");
  if (!task.has_value() || task->empty()) refuse();
  line.task = *task;
  std::string_view where = text;
  if (hold) {
    line.kind = Kind::kHold;
  } else {
    where = Before(text, ": ").value_or(std::string_view());
  }
  if (TakeSuffix(where, " decision")) {
    std::string_view rest = where;
    const auto front = Before(rest, ", ");
    const auto decision = ToOrdinal(rest);
    if (!front.has_value() || decision.value_or(0) == 0) refuse();
    where = *front;
    line.sub = *decision - 1;
  }
  if (where == kStart) {
    line.operation = kStart;
  } else {
    const auto nth = Before(where, " ");
    if (!nth.has_value() || ToOrdinal(*nth).value_or(0) == 0) refuse();
    line.nth = *ToOrdinal(*nth);
    line.operation = where;
    for (const Word& word : kWords)
      if (word.said == where) line.operation = word.operation;
    if (!IsOperation(line.operation))
      throw UsageError("names an operation that there is not, \"" + line.operation +
                       "\"; a report names them, as in \"3rd chan send\" or \"1st lock\"");
  }
  if (hold) return line;

  const auto numbered = [&](std::string_view what, std::string_view ending) {
    std::string_view rest = text;
    if (!TakePrefix(rest, what)) return false;
    if (!ending.empty()) {
      if (!TakeSuffix(rest, ending)) return false;
      std::string_view number = rest;
      const auto front = Before(number, " of ");
      if (!front.has_value()) return false;
      line.target = number;
      rest = *front;
    }
    const auto value = ToNumber<std::int64_t>(rest);
    line.value = value.value_or(0);
    return value.has_value();
  };
  if (numbered("timer ", " fires")) {
    line.kind = Kind::kTimer;
  } else if (numbered("fault ", " happens")) {
    line.kind = Kind::kFault;
  } else if (numbered("takes case ", "")) {
    line.kind = Kind::kCase;
  } else if (numbered("gives ", "")) {
    line.kind = Kind::kData;
  } else if (text == "returns") {
    line.kind = Kind::kEarlyReturn;
  } else if (TakeSuffix(text, " runs first") && !text.empty()) {
    line.kind = Kind::kTask;
    line.target = text;
  } else {
    throw UsageError(
        "says of nothing that there is what happens there: a task \"runs first\", \"timer 1 of "
        "TASK fires\", \"fault 1 of TASK happens\", \"takes case 2\", \"returns\", \"gives 7\"");
  }
  return line;
}

std::vector<std::string> Script::Unused() const {
  std::vector<std::string> unused;
  for (const Line& line : lines_)
    if (!line.used) unused.push_back(line.text);
  return unused;
}

void Script::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) {
  const std::string path =
      parent == 0 ? "root" : tasks_[parent - 1].path + "." + std::to_string(ordinal);
  tasks_.push_back({task, path, task->record->name,
                    std::vector<std::uint32_t>(static_cast<std::size_t>(OpKind::kCount))});
}

void Script::OnBefore(const SimTask& task, const Operation& op) {
  ++tasks_[task.id - 1].begun[static_cast<std::size_t>(op.kind)];
}

bool Script::IsNamed(std::uint32_t id, const std::string& name) const {
  return name == tasks_[id - 1].path || name == tasks_[id - 1].name;
}

bool Script::IsAt(const Line& line, const SimTask& task, std::uint32_t sub) const {
  if (line.used || line.sub != sub || !IsNamed(task.id, line.task)) return false;
  if (line.operation == kStart) return task.op == 0;
  if (line.operation == kAnyOperation) return task.op == line.nth;
  // As the recorder counts: an operation that it waits in is the one, whatever came within it.
  const OpKind kind = task.operation != nullptr ? task.operation->kind : task.last_kind;
  return line.operation == OpName(kind) &&
         tasks_[task.id - 1].begun[static_cast<std::size_t>(kind)] == line.nth;
}

Choice Script::Schedule(const SchedulePoint& point) {
  for (Line& line : lines_) {
    if (line.kind > Kind::kHold || !IsAt(line, *point.anchor, point.sub)) continue;
    Choice choice = point.canonical;
    switch (line.kind) {
      case Kind::kTask:
        for (const TaskOfRun& known : tasks_) {
          SimTask* task = known.task;
          if (task->id != static_cast<std::size_t>(&known - tasks_.data()) + 1) continue;
          if (!IsNamed(task->id, line.target)) continue;
          if (task == point.current || ReadyList::Contains(task) || task->in_held)
            choice = Choice::Task(task);
        }
        break;
      case Kind::kTimer:
        if (point.timers == nullptr) break;
        for (TimerNode* timer : point.timers->all())
          if (timer->when == point.timers->next()->when && timer->ordinal == line.value &&
              IsNamed(timer->owner, line.target))
            choice = Choice::Timer(timer);
        break;
      case Kind::kFault:
        for (Fault* fault : point.faults)
          if (fault->ordinal == line.value && IsNamed(fault->owner, line.target))
            choice = Choice::Fault(fault);
        break;
      default:
        if (point.current != nullptr && point.current == point.anchor)
          choice = Choice::Hold(point.current);
        break;
    }
    if (choice == point.canonical) return choice;
    line.used = true;
    return choice;
  }
  return point.canonical;
}

Script::Line* Script::ValueAt(const SimTask& task, Kind kind) {
  for (Line& line : lines_)
    if (line.kind == kind && IsAt(line, task, line.sub)) return &line;
  return nullptr;
}

std::uint32_t Script::Case(SimTask* task, const Operation& /*op*/,
                           std::span<const std::uint32_t> ready) {
  Line* line = ValueAt(*task, Kind::kCase);
  if (line == nullptr) return ready[0];
  const auto chosen =
      std::find(ready.begin(), ready.end(), static_cast<std::uint32_t>(line->value));
  if (chosen == ready.end()) return ready[0];
  line->used = true;
  return *chosen;
}

bool Script::TakeFault(SimTask* task, const Operation& /*op*/) {
  Line* line = ValueAt(*task, Kind::kEarlyReturn);
  if (line != nullptr) line->used = true;
  return line != nullptr;
}

std::int64_t Script::Data(SimTask* task, const Operation& /*op*/, std::int64_t lo, std::int64_t hi,
                          std::int64_t canonical) {
  Line* line = ValueAt(*task, Kind::kData);
  if (line == nullptr || line->value < lo || line->value > hi) return canonical;
  line->used = true;
  return line->value;
}

}  // namespace taskleak::internal
