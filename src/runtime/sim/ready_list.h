// The tasks that can run.
#ifndef TASKLEAK_RUNTIME_SIM_READY_LIST_H_
#define TASKLEAK_RUNTIME_SIM_READY_LIST_H_

#include <cstddef>
#include <vector>

#include "src/runtime/sim/sim_task.h"

namespace taskleak::internal {

// Every operation is O(1): an array in no particular (but, for one schedule, always the same) order
// serves who picks at random, a list in order of arrival serves who is fair.
class ReadyList {
 public:
  bool empty() const { return tasks_.empty(); }
  std::size_t size() const { return tasks_.size(); }
  SimTask* operator[](std::size_t i) const { return tasks_[i]; }
  SimTask* longest() const { return first_; }
  static bool Contains(const SimTask* task) { return task->ready_position != 0; }

  void Push(SimTask* task) {
    tasks_.push_back(task);
    task->ready_position = static_cast<std::uint32_t>(tasks_.size());
    task->ready_prev = last_;
    task->ready_next = nullptr;
    (last_ != nullptr ? last_->ready_next : first_) = task;
    last_ = task;
  }

  void Remove(SimTask* task) {
    SimTask* moved = tasks_.back();
    tasks_[task->ready_position - 1] = moved;
    moved->ready_position = task->ready_position;
    task->ready_position = 0;
    tasks_.pop_back();
    (task->ready_prev != nullptr ? task->ready_prev->ready_next : first_) = task->ready_next;
    (task->ready_next != nullptr ? task->ready_next->ready_prev : last_) = task->ready_prev;
  }

  void Clear() {
    for (SimTask* task : tasks_) task->ready_position = 0;
    tasks_.clear();
    first_ = last_ = nullptr;
  }

 private:
  std::vector<SimTask*> tasks_;
  SimTask* first_ = nullptr;
  SimTask* last_ = nullptr;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_READY_LIST_H_
