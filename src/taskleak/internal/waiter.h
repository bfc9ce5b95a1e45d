// Who waits at an object, first in, first out.
#ifndef TASKLEAK_INTERNAL_WAITER_H_
#define TASKLEAK_INTERNAL_WAITER_H_

#include <cstdint>

#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

class WaitQueue;

// One task's place in one queue; stands in the parked frame. A task in a select has one for each
// case, all pointing at the same claim: whoever takes the first of them takes the task.
//
// Invariants:
//  1. A waiter is in at most one queue, and leaves it by Pop or by its own destructor, so that an
//     unwound frame never stays linked.
//  2. `claim` is 0 while nobody has taken the task, else 1 + the `index` of the case that was
//  served.
struct Waiter {
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  inline ~Waiter();

  Task* task = nullptr;
  std::uint32_t* claim = nullptr;
  std::uint32_t index = 0;
  bool closed = false;      // Served because the channel was closed.
  void* element = nullptr;  // What to send, or where to put what is received.
  WaitQueue* queue = nullptr;
  Waiter* next = nullptr;
  Waiter* prev = nullptr;
};

class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  void Push(Waiter* waiter) noexcept {
    waiter->queue = this;
    waiter->prev = tail_;
    waiter->next = nullptr;
    (tail_ != nullptr ? tail_->next : head_) = waiter;
    tail_ = waiter;
  }

  // For one that was woken and found that another had been faster.
  void PushFront(Waiter* waiter) noexcept {
    waiter->queue = this;
    waiter->prev = nullptr;
    waiter->next = head_;
    (head_ != nullptr ? head_->prev : tail_) = waiter;
    head_ = waiter;
  }

  void Remove(Waiter* waiter) noexcept {
    (waiter->prev != nullptr ? waiter->prev->next : head_) = waiter->next;
    (waiter->next != nullptr ? waiter->next->prev : tail_) = waiter->prev;
    waiter->queue = nullptr;
  }

  // The longest waiter whose task nobody has taken yet, still in the queue; null if there is none.
  // The remains of selects that were served elsewhere are dropped on the way.
  Waiter* Front() noexcept {
    while (head_ != nullptr && *head_->claim != 0) Remove(head_);
    return head_;
  }

  // As Front, but skips the waiters of `self`: a select does not meet itself.
  Waiter* FrontExcept(const Task* self) noexcept {
    Waiter* waiter = Front();
    while (waiter != nullptr && (waiter->task == self || *waiter->claim != 0))
      waiter = waiter->next;
    return waiter;
  }

  // Takes the task of a waiter: its case is the one that was served.
  void Claim(Waiter* waiter) noexcept {
    *waiter->claim = 1 + waiter->index;
    Remove(waiter);
  }

  // Claims the longest waiter, if there is one.
  Waiter* Pop() noexcept {
    Waiter* waiter = Front();
    if (waiter != nullptr) Claim(waiter);
    return waiter;
  }

  // The last to have come, whoever it is.
  const Waiter* back() const noexcept { return tail_; }

  bool empty() noexcept { return Front() == nullptr; }

 private:
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
};

inline Waiter::~Waiter() {
  if (queue != nullptr) queue->Remove(this);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_WAITER_H_
