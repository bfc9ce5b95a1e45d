#include "taskleak/select.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/primitives/order.h"
#include "taskleak/error.h"
#include "taskleak/internal/select_core.h"

namespace taskleak {
namespace internal {
namespace {

constexpr std::size_t kInline = 8;  // Cases handled without allocating.

ChanCore* Channel(const SelectCase& c) { return static_cast<ChanCore*>(c.view.object); }

bool Ready(const SelectCase& c, const Task* self) {
  if (c.view.object == nullptr) return false;
  return c.view.is_send ? Channel(c)->SendReady(self) : Channel(c)->RecvReady(self);
}

[[noreturn]] void SendPanicked(Runtime* runtime, const Operation& op) {
  runtime->After(op, outcome::kPanicked);
  ThrowClosed("send on closed channel", op.site);
}

WaitQueue& Line(const SelectCase& c) {
  return c.view.is_send ? Channel(c)->senders() : Channel(c)->receivers();
}

// Of several cases that wait at one end of one channel, the one in front is served. Go's
// specification leaves open which that is: a decision. `twins` are those behind another one, and
// before them the first that has another one behind it.
void DecideWhoIsInFront(Runtime* runtime, const Operation& op, std::span<Waiter> waiters,
                        std::span<const std::uint32_t> twins) {
  const std::uint32_t first = runtime->DecideCase(op, twins);
  WaitQueue* line = waiters[first].queue;
  for (Waiter& waiter : waiters.first(first)) {
    if (waiter.queue != line) continue;
    line->Remove(&waiter);
    line->Push(&waiter);
  }
}

// The cases wait in their channels' queues; whoever serves one takes the task, the others leave
// with this frame. The channels outlive the wait, whatever happens to their handles. `twins` is
// scratch space for as many indices as there are waiters.
std::size_t Wait(Runtime* runtime, const Operation& op, SelectCase* cases,
                 std::span<Waiter> waiters, std::uint32_t* twins) {
  struct Keep {
    SelectCase* cases;
    std::span<Waiter> waiters;
    std::size_t count = 0;
    ~Keep() {
      for (std::size_t i = 0; i < count; ++i) {
        if (cases[i].view.object == nullptr) continue;
        if (waiters[i].queue != nullptr) waiters[i].queue->Remove(&waiters[i]);
        cases[i].view.object->Release();
      }
    }
  } keep{cases, waiters};
  std::uint32_t claim = 0;
  std::size_t twin_count = 0;
  for (; keep.count < waiters.size(); ++keep.count) {
    ChanCore* channel = Channel(cases[keep.count]);
    if (channel == nullptr) continue;
    channel->AddRef();
    Waiter& waiter = waiters[keep.count];
    waiter.task = t_state.task;
    waiter.claim = &claim;
    waiter.index = static_cast<std::uint32_t>(keep.count);
    waiter.element = cases[keep.count].element;
    WaitQueue& line = Line(cases[keep.count]);
    if (const Waiter* last = line.back(); last != nullptr && last->claim == &claim) {
      if (twin_count == 0) twins[twin_count++] = last->index;
      twins[0] = std::min(twins[0], last->index);
      twins[twin_count++] = waiter.index;
    }
    OrderWaiterBefore(waiter);
    line.Push(&waiter);
  }
  if (twin_count > 0) DecideWhoIsInFront(runtime, op, waiters, {twins, twin_count});
  runtime->Park(op);
  OrderAcquireOnce(&claim);
  const std::size_t chosen = claim - 1;
  if (cases[chosen].view.is_send && waiters[chosen].closed) SendPanicked(runtime, op);
  return chosen;
}

// Waits with waiters in this frame where they are few.
[[gnu::noinline]] std::size_t Wait(Runtime* runtime, const Operation& op, SelectCase* cases,
                                   std::size_t count, std::uint32_t* twins) {
  if (count <= kInline) {
    Waiter waiters[kInline];
    return Wait(runtime, op, cases, {waiters, count}, twins);
  }
  const auto waiters = std::make_unique<Waiter[]>(count);
  return Wait(runtime, op, cases, {waiters.get(), count}, twins);
}

// `views` and `ready` are scratch space for `count` cases.
std::size_t Run(Runtime* runtime, SelectCase* cases, std::size_t count, CaseView* views,
                std::uint32_t* ready, const Site& site) {
  std::size_t fallback = count;
  for (std::size_t i = 0; i < count; ++i) {
    if (cases[i].is_default) {
      if (fallback != count) ThrowPanic("multiple defaults in select", site);
      fallback = i;
    }
    if (cases[i].view.object != nullptr) Enter(cases[i].view.object, OpKind::kSelect, site);
    // Member by member: a copy in one piece would wait for the two stores that have just made it.
    views[i].object = cases[i].view.object;
    views[i].is_send = cases[i].view.is_send;
  }
  const Operation op{.kind = OpKind::kSelect,
                     .case_count = static_cast<std::uint16_t>(count),
                     .site = site,
                     .cases = views};
  runtime->Before(op);
  const Task* self = t_state.task;
  std::size_t ready_count = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (Ready(cases[i], self)) ready[ready_count++] = static_cast<std::uint32_t>(i);
  std::size_t chosen = fallback;
  if (ready_count > 0) {
    chosen = ready_count == 1 ? ready[0] : runtime->DecideCase(op, {ready, ready_count});
    if (!cases[chosen].view.is_send) {
      Channel(cases[chosen])->CommitRecv(runtime, cases[chosen].element, self);
    } else if (!Channel(cases[chosen])->CommitSend(runtime, cases[chosen].element, self)) {
      SendPanicked(runtime, op);
    }
  } else if (fallback == count) {
    chosen = Wait(runtime, op, cases, count, ready);
  }
  if (const CaseView& view = cases[chosen].view; view.object != nullptr)
    view.object->Used(view.is_send ? End::kFeeds : End::kFed, self->id, site, runtime->steps);
  runtime->After(op, outcome::kChose + static_cast<std::uint32_t>(chosen));
  return chosen;
}

}  // namespace

std::size_t RunSelect(SelectCase* cases, std::size_t count, const Site& site) {
  Runtime* runtime = CurrentRuntime();
  if (count <= kInline) {
    CaseView views[kInline];
    std::uint32_t ready[kInline];
    return Run(runtime, cases, count, views, ready, site);
  }
  if (count > UINT16_MAX) ThrowPanic("select with more than 65,535 cases", site);
  const auto views = std::make_unique<CaseView[]>(count);
  const auto ready = std::make_unique<std::uint32_t[]>(count);
  return Run(runtime, cases, count, views.get(), ready.get(), site);
}

}  // namespace internal

std::size_t Selector::Wait(const Site& site) {
  if (internal::Unwinding()) return 0;
  if (cases_.empty()) internal::BlockForEver(internal::OpKind::kSelect, site);
  std::vector<internal::SelectCase> table(cases_.size());
  for (std::size_t i = 0; i < table.size(); ++i) cases_[i]->Prepare(table[i]);
  const std::size_t chosen = internal::RunSelect(table.data(), table.size(), site);
  cases_[chosen]->Finish();
  return chosen;
}

}  // namespace taskleak
