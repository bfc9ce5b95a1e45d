// The timers of a run, the next one first.
#ifndef TASKLEAK_RUNTIME_TIMER_QUEUE_H_
#define TASKLEAK_RUNTIME_TIMER_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

// A binary heap by (when, order of arming). Each node knows its position, so that it can be taken
// out.
class TimerQueue {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  TimerNode* next() const { return heap_.front(); }
  const std::vector<TimerNode*>& all() const { return heap_; }

  void Push(TimerNode* timer) {
    timer->sequence = ++sequence_;
    heap_.push_back(timer);
    timer->position = static_cast<std::uint32_t>(heap_.size());
    Up(heap_.size() - 1);
    if (indexed_) index_[Key(timer->owner, timer->ordinal)] = timer;
  }

  void Remove(TimerNode* timer) {
    const std::size_t i = timer->position - 1;
    timer->position = 0;
    if (indexed_) index_.erase(Key(timer->owner, timer->ordinal));
    TimerNode* moved = heap_.back();
    heap_.pop_back();
    if (moved == timer) return;
    heap_[i] = moved;
    moved->position = static_cast<std::uint32_t>(i + 1);
    Up(i);
    Down(moved->position - 1);
  }

  bool SeveralDue() const {
    const auto due = [this](std::size_t i) {
      return i < heap_.size() && heap_[i]->when == heap_[0]->when;
    };
    return due(1) || due(2);
  }

  // One of the timers due together, by random bits: a walk down the heap that stops where they say.
  // Not uniform, but every one is possible, and fifty thousand due at once cost no more than two.
  TimerNode* SomeDue(std::uint64_t bits) const {
    std::size_t i = 0;
    for (; (bits & 1) != 0; bits >>= 2) {
      const std::size_t child = 2 * i + 1 + (bits >> 1 & 1);
      if (child >= heap_.size() || heap_[child]->when != heap_[0]->when) break;
      i = child;
    }
    return heap_[i];
  }

  // The timer that is number `ordinal` of task `owner`, if it is due together with the next one;
  // else null. Needs the index.
  TimerNode* FindDue(std::uint32_t owner, std::uint32_t ordinal) const {
    const auto found = index_.find(Key(owner, ordinal));
    return found == index_.end() || found->second->when != heap_[0]->when ? nullptr : found->second;
  }

  // Whether nobody could notice if no timer fired any more: each is a ticker whose channel is full;
  // or no task lives, and none starts one.
  bool OnlyIdle(bool tasks_live) const {
    if (!tasks_live)
      return std::none_of(heap_.begin(), heap_.end(),
                          [](const TimerNode* t) { return t->MaySpawn(); });
    return heap_.empty() || (heap_.front()->FiringIsIdle() &&
                             std::all_of(heap_.begin(), heap_.end(),
                                         [](const TimerNode* t) { return t->FiringIsIdle(); }));
  }

  // Whether FindDue works: a replay may ask for any of fifty thousand timers. Set while the queue
  // is empty.
  void SetIndexed(bool indexed) { indexed_ = indexed; }

  void Clear() {
    heap_.clear();
    index_.clear();
    sequence_ = 0;
  }

 private:
  static std::uint64_t Key(std::uint32_t owner, std::uint32_t ordinal) {
    return static_cast<std::uint64_t>(owner) << 32 | ordinal;
  }
  static bool Before(const TimerNode* a, const TimerNode* b) {
    return a->when != b->when ? a->when < b->when : a->sequence < b->sequence;
  }
  void Swap(std::size_t a, std::size_t b) {
    std::swap(heap_[a], heap_[b]);
    heap_[a]->position = static_cast<std::uint32_t>(a + 1);
    heap_[b]->position = static_cast<std::uint32_t>(b + 1);
  }
  void Up(std::size_t i) {
    for (; i > 0 && Before(heap_[i], heap_[(i - 1) / 2]); i = (i - 1) / 2) Swap(i, (i - 1) / 2);
  }
  void Down(std::size_t i) {
    for (;;) {
      std::size_t least = i;
      for (std::size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap_.size(); ++child)
        if (Before(heap_[child], heap_[least])) least = child;
      if (least == i) return;
      Swap(i, least);
      i = least;
    }
  }

  std::vector<TimerNode*> heap_;
  std::uint64_t sequence_ = 0;
  bool indexed_ = false;
  std::unordered_map<std::uint64_t, TimerNode*> index_;  // Looked up, never iterated over.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_TIMER_QUEUE_H_
