// The specification, part one: channels, select and contexts.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "src/primitives/model/rules.h"

namespace taskleak::model {
namespace {

// A send on a closed channel can proceed: it panics.
bool Ready(const Program& program, const State& state, const Case& c) {
  if (program.Nil(c.channel)) return false;
  const ChannelState& channel = state.channels[c.channel];
  if (channel.closed) return true;
  return c.send ? !channel.receivers.empty() || channel.buffer.size < program.Capacity(c.channel)
                : !channel.senders.empty() || !channel.buffer.empty();
}

unsigned ReadyCases(const Program& program, const State& state, const Op& op) {
  unsigned ready = 0;
  for (std::size_t i = 0; i < op.cases.size(); ++i)
    if (Ready(program, state, op.cases[i])) ready |= 1U << i;
  return ready;
}

bool Tries(const Op& op) {
  return op.kind == OpKind::kTrySend || op.kind == OpKind::kTryRecv || op.has_default;
}

// The cases that stand behind another one of this select, at the same end of the same channel; and
// the first that has such a twin.
unsigned Twins(const Program& program, const Op& op) {
  unsigned twins = 0;
  std::size_t first = op.cases.size();
  for (std::size_t i = 0; i < op.cases.size(); ++i) {
    if (program.Nil(op.cases[i].channel)) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (op.cases[j].channel != op.cases[i].channel || op.cases[j].send != op.cases[i].send)
        continue;
      twins |= 1U << i;
      first = std::min(first, j);
    }
  }
  return twins == 0 ? 0 : twins | 1U << first;
}

}  // namespace

unsigned Choices(const Program& program, const State& state, int task) {
  const Op& op = NextOp(program, state, task);
  const unsigned ready = ReadyCases(program, state, op);
  return ready != 0 || Tries(op) ? ready : Twins(program, op);
}

void Rules::Act(int task, int chosen) {
  const Op& op = NextOp(program_, state_, task);
  switch (op.kind) {
    case OpKind::kSend:
    case OpKind::kRecv:
    case OpKind::kTrySend:
    case OpKind::kTryRecv:
    case OpKind::kSelect:
      return Communicate(task, op, chosen);
    case OpKind::kClose:
      return Close(task, op.object);
    case OpKind::kLock:
    case OpKind::kUnlock:
    case OpKind::kTryLock:
    case OpKind::kRLock:
    case OpKind::kRUnlock:
    case OpKind::kTryRLock:
      return ActOnRWMutex(task, op.kind, state_.rwmutexes[op.object]);
    case OpKind::kMutexLock:
    case OpKind::kMutexUnlock:
    case OpKind::kMutexTryLock:
      return ActOnMutex(task, op.kind);
    case OpKind::kAdd:
    case OpKind::kDone:
    case OpKind::kWait:
      return ActOnWaitGroup(task, op);
    case OpKind::kCancel:
      Cancel(op.object);
      return Complete(task, kDone);
    case OpKind::kErr:
      return Complete(task, state_.channels[kFirstDone + op.object].closed ? 1 : 0);
  }
}

// A send or a receive is a select of one case, a try is one with a default.
void Rules::Communicate(int task, const Op& op, int chosen) {
  if (ReadyCases(program_, state_, op) != 0) {
    const Case& c = op.cases[chosen];
    if (c.send && state_.channels[c.channel].closed) return Panic(task, Fate::kSendOnClosed);
    const Result got = Commit(c);
    return Complete(task, op.kind == OpKind::kSelect ? Chosen(chosen, got) : got);
  }
  if (Tries(op)) return Complete(task, kNotReady);
  const auto wait = [&](int i) {
    const Case& c = op.cases[i];
    if (program_.Nil(c.channel)) return;
    ChannelState& channel = state_.channels[c.channel];
    (c.send ? channel.senders : channel.receivers).Push(Place{task, i}.item());
  };
  if (!op.cases.empty()) wait(chosen);
  for (int i = 0; i < static_cast<int>(op.cases.size()); ++i)
    if (i != chosen) wait(i);
  state_.standing[task] = Standing::kWaits;
}

// Does what is ready, and is no send on a closed channel. What a receive got.
Result Rules::Commit(const Case& c) {
  ChannelState& channel = state_.channels[c.channel];
  if (c.send) {
    if (channel.receivers.empty())
      channel.buffer.Push(c.value);
    else
      Serve(Place::Of(channel.receivers.front()), c.value);
    return kDone;
  }
  const auto serve_sender = [&] {
    const Place place = Place::Of(channel.senders.front());
    const std::uint8_t value = NextOp(program_, state_, place.task).cases[place.index].value;
    Serve(place, kDone);
    return value;
  };
  if (channel.buffer.empty()) return channel.senders.empty() ? kDone : serve_sender();
  const std::uint8_t value = channel.buffer.Pop();
  if (!channel.senders.empty()) channel.buffer.Push(serve_sender());
  return value;
}

// Completes the operation of a task that waits, at one of its cases; it leaves all lines.
void Rules::Serve(Place place, Result value) {
  LeaveLines(place.task);
  const bool select = NextOp(program_, state_, place.task).kind == OpKind::kSelect;
  Complete(place.task, select ? Chosen(place.index, value) : value);
}

void Rules::LeaveLines(int task) {
  const auto is_its = [task](std::uint8_t item) { return Place::Of(item).task == task; };
  for (ChannelState& channel : state_.channels) {
    channel.senders.EraseIf(is_its);
    channel.receivers.EraseIf(is_its);
  }
}

void Rules::Close(int task, int channel) {
  if (program_.Nil(channel)) return Panic(task, Fate::kCloseOfNil);
  if (state_.channels[channel].closed) return Panic(task, Fate::kCloseOfClosed);
  CloseForAll(channel);
  Complete(task, kDone);
}

void Rules::CloseForAll(int channel) {
  ChannelState& closed = state_.channels[channel];
  closed.closed = true;
  while (!closed.receivers.empty()) Serve(Place::Of(closed.receivers.front()), kDone);
  while (!closed.senders.empty()) {
    const int sender = Place::Of(closed.senders.front()).task;
    LeaveLines(sender);
    Panic(sender, Fate::kSendOnClosed);
  }
}

// A parent ends its children.
void Rules::Cancel(int context) {
  for (int i = context; i < kContexts; ++i)
    if (!state_.channels[kFirstDone + i].closed) CloseForAll(kFirstDone + i);
}

void Rules::Complete(int task, Result result) {
  TaskOutcome& outcome = state_.outcome[task];
  outcome.Add(result);
  const bool finished = outcome.count == program_.tasks[task].size();
  state_.standing[task] = finished ? Standing::kEnded : Standing::kActs;
  if (finished) outcome.fate = Fate::kFinished;
}

void Rules::Panic(int task, Fate fate) {
  state_.outcome[task].fate = fate;
  state_.standing[task] = Standing::kEnded;
}

}  // namespace taskleak::model
