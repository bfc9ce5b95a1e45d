// The specification, part two: locks and the wait group.
#include "src/primitives/model/rules.h"

namespace taskleak::model {

void Rules::WaitIn(Line<kMaxTasks>& line, int task) {
  const auto item = static_cast<std::uint8_t>(task);
  // One that was woken and found that another had been faster keeps its place.
  if (state_.standing[task] == Standing::kWoken)
    line.PushFront(item);
  else
    line.Push(item);
  state_.standing[task] = Standing::kWaits;
}

// The longest waiter may try again.
void Rules::Wake(Line<kMaxTasks>& line) {
  if (!line.empty()) state_.standing[line.Pop()] = Standing::kWoken;
}

// A writer stops later readers as soon as it is next, and its unlock admits those that came since.
void Rules::ActOnRWMutex(int task, OpKind kind, RWMutexState& rw) {
  switch (kind) {
    case OpKind::kLock:
      if (rw.writer) return WaitIn(rw.writers, task);
      rw.writer = true;
      if (rw.readers == 0) return Complete(task, kDone);
      rw.next.Push(static_cast<std::uint8_t>(task));
      state_.standing[task] = Standing::kWaits;
      return;
    case OpKind::kTryLock:
      if (rw.writer || rw.readers > 0) return Complete(task, kNotReady);
      rw.writer = true;
      return Complete(task, kDone);
    case OpKind::kUnlock:
      if (!rw.writer || !rw.next.empty()) return Panic(task, Fate::kRWUnlockOfUnlocked);
      rw.writer = false;
      while (!rw.outside.empty()) {
        ++rw.readers;
        Complete(rw.outside.Pop(), kDone);
      }
      Wake(rw.writers);
      return Complete(task, kDone);
    case OpKind::kRLock:
      if (rw.writer) return WaitIn(rw.outside, task);
      ++rw.readers;
      return Complete(task, kDone);
    case OpKind::kTryRLock:
      if (rw.writer) return Complete(task, kNotReady);
      ++rw.readers;
      return Complete(task, kDone);
    default:  // kRUnlock
      if (rw.readers == 0) return Panic(task, Fate::kRUnlockOfUnlocked);
      if (--rw.readers == 0 && !rw.next.empty()) Complete(rw.next.Pop(), kDone);
      return Complete(task, kDone);
  }
}

void Rules::ActOnMutex(int task, OpKind kind) {
  MutexState& mutex = state_.mutex;
  if (kind == OpKind::kMutexUnlock) {
    if (!mutex.locked) return Panic(task, Fate::kUnlockOfUnlocked);
    mutex.locked = false;
    Wake(mutex.waiting);
    return Complete(task, kDone);
  }
  if (mutex.locked && kind == OpKind::kMutexLock) return WaitIn(mutex.waiting, task);
  if (mutex.locked) return Complete(task, kNotReady);
  mutex.locked = true;
  Complete(task, kDone);
}

void Rules::ActOnWaitGroup(int task, const Op& op) {
  WaitGroupState& group = state_.wait_group;
  if (op.kind == OpKind::kWait) {
    if (group.count > 0) return WaitIn(group.waiting, task);
    return Complete(task, kDone);
  }
  if (op.kind == OpKind::kDone && group.count == 0) return Panic(task, Fate::kNegativeCounter);
  group.count = static_cast<std::uint8_t>(op.kind == OpKind::kDone ? group.count - 1
                                                                   : group.count + op.count);
  if (group.count == 0)
    while (!group.waiting.empty()) Complete(group.waiting.Pop(), kDone);
  Complete(task, kDone);
}

}  // namespace taskleak::model
