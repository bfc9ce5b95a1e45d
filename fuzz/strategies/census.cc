#include "fuzz/strategies/census.h"

#include <algorithm>

namespace taskleak::internal {

void Census::Begin() {
  tasks_.clear();
  events_.clear();
}

void Census::OnTask(const SimTask& task, std::uint32_t parent, const Site& /*site*/) {
  tasks_.push_back({task.path_hash, parent, 0});
}

void Census::Add(const Object* object, const SimTask& task) {
  if (object != nullptr && events_.size() < kMostEvents)
    events_.push_back({object->name_hash, task.id});
}

void Census::OnBefore(const SimTask& task, const Operation& op) {
  if (!op.preempts) return;
  Add(op.object, task);
  for (std::size_t i = 0; i < op.case_count; ++i) Add(op.cases[i].object, task);
}

void Census::End() {
  objects_.clear();
  shares_.clear();
  if (tasks_.size() > kMostTasks) return;
  std::sort(events_.begin(), events_.end());
  for (auto first = events_.begin(); first != events_.end();) {
    const auto last = std::find_if(
        first, events_.end(), [&](const Event& event) { return event.object != first->object; });
    if (first->task != (last - 1)->task) CountObject({first, last});
    first = last;
  }
}

void Census::CountObject(std::span<const Event> events) {
  for (Known& task : tasks_) task.operations = 0;
  // Of a task and, up the chain of creation, of all that it descends from.
  for (const Event& event : events)
    for (std::uint32_t id = event.task; id != 0; id = tasks_[id - 1].parent)
      ++tasks_[id - 1].operations;
  const std::size_t first = shares_.size();
  for (const Known& task : tasks_)
    if (task.operations > 0) shares_.push_back({task.name, task.operations});
  std::sort(shares_.begin() + static_cast<std::ptrdiff_t>(first), shares_.end(),
            [](const Share& a, const Share& b) { return a.task < b.task; });
  objects_.push_back({events.front().object, first, shares_.size() - first});
}

}  // namespace taskleak::internal
