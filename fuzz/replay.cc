#include "fuzz/replay.h"

#include <algorithm>
#include <map>

namespace taskleak::internal {

using Kind = ScheduleEntry::Kind;

// A task that the schedule names, or an ancestor of one.
struct ReplayDecider::Node {
  std::map<std::uint32_t, std::unique_ptr<Node>> children;
  std::vector<ScheduleEntry> ordering;  // kTask, kTimer, kFault, kHold: by (op, sub).
  std::vector<Node*> ordering_targets;
  std::vector<ScheduleEntry> values;  // kCase, kEarlyReturn, kData: by op.
  // In this run:
  SimTask* task = nullptr;
  std::uint32_t id = 0;  // 0: not created yet.
  std::size_t next_ordering = 0;

  void Begin() {
    task = nullptr;
    id = 0;
    next_ordering = 0;
    for (auto& [ordinal, child] : children) child->Begin();
  }
  // Null once the task has ended: its SimTask may serve another.
  SimTask* Live() const { return task != nullptr && task->id == id ? task : nullptr; }
};

ReplayDecider::ReplayDecider(const taskleak::Schedule& schedule) : root_(std::make_unique<Node>()) {
  for (const ScheduleEntry& entry : schedule.entries()) {
    Node* node = NodeAt(entry.task);
    if (entry.kind > Kind::kHold) {
      node->values.push_back(entry);
      continue;
    }
    node->ordering.push_back(entry);
    finds_timers |= entry.kind == Kind::kTimer;
    node->ordering_targets.push_back(entry.kind == Kind::kHold ? node : NodeAt(entry.target));
  }
}

ReplayDecider::~ReplayDecider() = default;

ReplayDecider::Node* ReplayDecider::NodeAt(const TaskPath& path) {
  Node* node = root_.get();
  for (const std::uint32_t ordinal : path) {
    std::unique_ptr<Node>& child = node->children[ordinal];
    if (child == nullptr) child = std::make_unique<Node>();
    node = child.get();
  }
  return node;
}

void ReplayDecider::Begin() {
  by_id_.assign(1, nullptr);
  root_->Begin();
  met_ = 0;
}

void ReplayDecider::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) {
  Node* node = nullptr;
  if (parent == 0) {
    node = root_.get();
  } else if (Node* above = by_id_[parent]; above != nullptr) {
    const auto found = above->children.find(ordinal);
    if (found != above->children.end()) node = found->second.get();
  }
  if (node != nullptr) {
    node->task = task;
    node->id = task->id;
  }
  by_id_.push_back(node);
}

Choice ReplayDecider::Schedule(const SchedulePoint& point) {
  Node* node = by_id_[point.anchor->id];
  if (node == nullptr) return point.canonical;
  std::size_t& next = node->next_ordering;
  const auto key = [](const ScheduleEntry& e) { return std::pair(e.op, e.sub); };
  const std::pair<std::uint32_t, std::uint32_t> now(point.anchor->op, point.sub);
  while (next < node->ordering.size() && key(node->ordering[next]) < now) ++next;
  if (next == node->ordering.size() || key(node->ordering[next]) != now) return point.canonical;
  ++met_;
  const ScheduleEntry& entry = node->ordering[next];
  const Node* target = node->ordering_targets[next];
  switch (entry.kind) {
    case Kind::kTask: {
      SimTask* task = target->Live();
      if (task != nullptr && (task == point.current || ReadyList::Contains(task) || task->in_held))
        return Choice::Task(task);
      break;
    }
    case Kind::kTimer:
      if (point.timers == nullptr) break;
      if (TimerNode* timer =
              point.timers->FindDue(target->id, static_cast<std::uint32_t>(entry.value));
          timer != nullptr)
        return Choice::Timer(timer);
      break;
    case Kind::kFault:
      for (Fault* fault : point.faults)
        if (fault->owner == target->id && fault->ordinal == static_cast<std::uint32_t>(entry.value))
          return Choice::Fault(fault);
      break;
    default:
      if (point.current != nullptr && point.current == point.anchor)
        return Choice::Hold(point.current);
      break;
  }
  return point.canonical;
}

const ScheduleEntry* ReplayDecider::Value(SimTask* task, Kind kind) {
  const Node* node = by_id_[task->id];
  if (node == nullptr) return nullptr;
  for (const ScheduleEntry& entry : node->values) {
    if (entry.op != task->op || entry.kind != kind) continue;
    ++met_;
    return &entry;
  }
  return nullptr;
}

std::uint32_t ReplayDecider::Case(SimTask* task, const Operation& /*op*/,
                                  std::span<const std::uint32_t> ready) {
  const ScheduleEntry* entry = Value(task, Kind::kCase);
  if (entry == nullptr) return ready[0];
  const auto found =
      std::find(ready.begin(), ready.end(), static_cast<std::uint32_t>(entry->value));
  return found == ready.end() ? ready[0] : *found;
}

bool ReplayDecider::TakeFault(SimTask* task, const Operation& /*op*/) {
  return Value(task, Kind::kEarlyReturn) != nullptr;
}

std::int64_t ReplayDecider::Data(SimTask* task, const Operation& /*op*/, std::int64_t lo,
                                 std::int64_t hi, std::int64_t canonical) {
  const ScheduleEntry* entry = Value(task, Kind::kData);
  return entry == nullptr || entry->value < lo || entry->value > hi ? canonical : entry->value;
}

FaultKinds ToKinds(std::uint8_t faults) {
  return {.early_return = (faults & kEarlyReturns) != 0,
          .cancel = (faults & kCancels) != 0,
          .close = (faults & kCloses) != 0,
          .early_timers = (faults & kEarlyTimers) != 0,
          .holds = (faults & kHolds) != 0,
          .data = (faults & kFuzzedData) != 0};
}

TaskPath PathOf(std::span<const PathNode> paths, std::uint32_t id) {
  TaskPath path;
  for (; id > 1; id = paths[id - 1].parent) path.push_back(paths[id - 1].ordinal);
  std::reverse(path.begin(), path.end());
  return path;
}

ScheduleEntry ToEntry(const LoggedException& logged, std::span<const PathNode> paths) {
  ScheduleEntry entry;
  entry.task = PathOf(paths, logged.task);
  entry.op = logged.op;
  entry.sub = logged.sub;
  entry.kind = static_cast<Kind>(logged.kind);
  if (logged.target != 0) entry.target = PathOf(paths, logged.target);
  entry.value = logged.value;
  return entry;
}

taskleak::Schedule ScheduleOf(std::span<const LoggedException> log,
                              std::span<const PathNode> paths) {
  std::vector<ScheduleEntry> entries;
  entries.reserve(log.size());
  for (const LoggedException& logged : log) entries.push_back(ToEntry(logged, paths));
  return taskleak::Schedule(std::move(entries));
}

}  // namespace taskleak::internal
