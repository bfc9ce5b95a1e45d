#include "taskleak/internal/chan_core.h"

#include "src/primitives/order.h"
#include "taskleak/error.h"
#include "taskleak/internal/pool.h"

namespace taskleak::internal {
namespace {

constexpr const char* kSendOnClosed = "send on closed channel";
constexpr const char* kCloseOfClosed = "close of closed channel";

std::size_t SlotsOffset(std::size_t alignment) {
  return (sizeof(ChanCore) + alignment - 1) / alignment * alignment;
}

}  // namespace

ChanCore* ChanCore::Make(const ElementOps& ops, std::size_t capacity, const Site& site) {
  const std::size_t offset = SlotsOffset(ops.alignment);
  if (capacity > (std::size_t{1} << 40) / ops.size) ThrowPanic("makechan: size out of range", site);
  void* block = ops.alignment > alignof(std::max_align_t)
                    ? ::operator new(offset + capacity * ops.size, std::align_val_t{ops.alignment})
                    : PoolAllocate(offset + capacity * ops.size);
  try {
    const Exclusive exclusive(CurrentRuntime());
    auto* core = new (block) ChanCore(ops, capacity, static_cast<std::byte*>(block) + offset, site);
    core->AddRef();
    return core;
  } catch (...) {  // Made outside every run: refused. Rethrown, since only the memory is ours.
    if (ops.alignment > alignof(std::max_align_t))
      ::operator delete(block, std::align_val_t{ops.alignment});
    else
      PoolFree(block, offset + capacity * ops.size);
    throw;
  }
}

ChanCore::~ChanCore() { DropBuffered(); }

void ChanCore::DropBuffered() {
  while (count_ > 0) {
    void* slot = Slot(head_);
    head_ = Wrap(head_ + 1);
    --count_;
    ops_.drop(slot);
  }
}

void ChanCore::Sever() { DropBuffered(); }

void ChanCore::Destroy() noexcept {
  const std::size_t alignment = ops_.alignment;
  const std::size_t size = SlotsOffset(alignment) + capacity_ * ops_.size;
  this->~ChanCore();
  if (alignment > alignof(std::max_align_t))
    ::operator delete(static_cast<void*>(this), std::align_val_t{alignment});
  else
    PoolFree(this, size);
}

void ChanCore::Panicked(Runtime* runtime, const Operation& op, const char* sentence) {
  runtime->After(op, outcome::kPanicked);
  ThrowClosed(sentence, op.site);
}

bool ChanCore::SendReady(const Task* self) {
  return closed_ || count_ < capacity_ || receivers_.FrontExcept(self) != nullptr;
}

bool ChanCore::RecvReady(const Task* self) {
  return closed_ || count_ > 0 || senders_.FrontExcept(self) != nullptr;
}

bool ChanCore::CommitSend(Runtime* runtime, void* value, const Task* self) {
  if (closed_) return false;
  if (Waiter* receiver = receivers_.FrontExcept(self); receiver != nullptr) {
    OrderAfterWaiter(*receiver);
    if (kTsan && capacity_ > 0) head_ = OrderAsBuffered(head_);
    ops_.hand(receiver->element, value);
    receivers_.Claim(receiver);
    OrderBeforeWaiter(*receiver);
    runtime->Unpark(receiver->task);
  } else {
    void* slot = Slot(Wrap(head_ + count_));
    OrderAcquire(slot);
    ops_.put(slot, value);
    OrderRelease(slot);
    ++count_;
  }
  return true;
}

bool ChanCore::CommitRecv(Runtime* runtime, void* out, const Task* self) {
  if (count_ > 0) {
    void* slot = Slot(head_);
    OrderAcquire(slot);
    ops_.take(out, slot);
    OrderRelease(slot);
    head_ = Wrap(head_ + 1);
    --count_;
    if (Waiter* sender = senders_.FrontExcept(self);
        sender != nullptr) {  // Invariant 1: the buffer was full, so it is the slot just emptied.
      OrderAfterWaiter(*sender);
      ops_.put(slot, sender->element);
      OrderRelease(slot);
      ++count_;
      senders_.Claim(sender);
      OrderBeforeWaiter(*sender);
      runtime->Unpark(sender->task);
    }
    return true;
  }
  if (Waiter* sender = senders_.FrontExcept(self); sender != nullptr) {
    OrderAfterWaiter(*sender);
    ops_.hand(out, sender->element);
    senders_.Claim(sender);
    OrderBeforeWaiter(*sender);
    runtime->Unpark(sender->task);
    return true;
  }
  OrderAcquire(this);  // Closed.
  return false;
}

// A hand-over past an empty buffer orders as if the element had gone through it: the send that is
// `capacity_` later comes after this receive. Returns the next slot.
std::size_t ChanCore::OrderAsBuffered(std::size_t slot) {
  OrderAcquire(Slot(slot));
  OrderRelease(Slot(slot));
  return Wrap(slot + 1);
}

void ChanCore::Send(void* value, const Site& site) {
  Runtime* runtime = Enter(this, OpKind::kSend, site);
  const Operation op{.kind = OpKind::kSend, .site = site, .object = this};
  runtime->Before(op);
  Task* self = t_state.task;
  if (closed_) Panicked(runtime, op, kSendOnClosed);
  if (SendReady(self)) {
    CommitSend(runtime, value, self);
  } else {
    std::uint32_t claim = 0;
    Waiter waiter;
    waiter.task = self;
    waiter.claim = &claim;
    waiter.element = value;
    OrderWaiterBefore(waiter);
    senders_.Push(&waiter);
    runtime->Park(op);
    OrderWaiterAfter(waiter);
    if (waiter.closed) Panicked(runtime, op, kSendOnClosed);
  }
  Used(End::kFeeds, self->id, site, runtime->steps);
  runtime->After(op, outcome::kDone);
}

void ChanCore::Recv(void* out, const Site& site) {
  Runtime* runtime = Enter(this, OpKind::kRecv, site);
  const Operation op{.kind = OpKind::kRecv, .site = site, .object = this};
  runtime->Before(op);
  Task* self = t_state.task;
  bool received;
  if (RecvReady(self)) {
    received = CommitRecv(runtime, out, self);
    Used(End::kFed, self->id, site, runtime->steps);
    runtime->After(op, received ? outcome::kDone : outcome::kClosed);
    return;
  }
  std::uint32_t claim = 0;
  Waiter waiter;
  waiter.task = self;
  waiter.claim = &claim;
  waiter.element = out;
  OrderWaiterBefore(waiter);
  receivers_.Push(&waiter);
  runtime->Park(op);
  OrderWaiterAfter(waiter);
  Used(End::kFed, self->id, site, runtime->steps);
  runtime->After(op, waiter.closed ? outcome::kClosed : outcome::kDone);
}

bool ChanCore::TrySend(void* value, void* (*prepare)(void*), const Site& site) {
  Runtime* runtime = Enter(this, OpKind::kTrySend, site);
  const Operation op{.kind = OpKind::kTrySend, .site = site, .object = this};
  runtime->Before(op);
  Task* self = t_state.task;
  if (closed_) Panicked(runtime, op, kSendOnClosed);
  const bool sent = SendReady(self);
  if (sent && prepare != nullptr) {
    try {
      value = prepare(value);
    } catch (...) {  // The user's move or copy: the operation ends without having done anything.
      runtime->After(op, outcome::kNotReady);
      throw;
    }
  }
  if (sent) CommitSend(runtime, value, self);
  if (sent) Used(End::kFeeds, self->id, site, runtime->steps);
  runtime->After(op, sent ? outcome::kDone : outcome::kNotReady);
  return sent;
}

bool ChanCore::TryRecv(void* out, const Site& site) {
  Runtime* runtime = Enter(this, OpKind::kTryRecv, site);
  const Operation op{.kind = OpKind::kTryRecv, .site = site, .object = this};
  runtime->Before(op);
  Task* self = t_state.task;
  if (!RecvReady(self)) {
    runtime->After(op, outcome::kNotReady);
    return false;
  }
  const bool received = CommitRecv(runtime, out, self);
  Used(End::kFed, self->id, site, runtime->steps);
  runtime->After(op, received ? outcome::kDone : outcome::kClosed);
  return true;
}

void ChanCore::Close(const Site& site) {
  Runtime* runtime = Enter(this, OpKind::kClose, site);
  const Operation op{.kind = OpKind::kClose, .site = site, .object = this};
  runtime->Before(op);
  if (closed_ && !closed_by_fault_) Panicked(runtime, op, kCloseOfClosed);
  closed_by_fault_ = false;  // The owner's one Close was answered; a second is a panic as ever.
  if (!closed_) CloseQuietly(runtime);
  Used(End::kFeeds, t_state.task->id, site, runtime->steps);
  runtime->After(op, outcome::kDone);
}

std::size_t ChanCore::Len(const Site& site) {
  Runtime* runtime = Enter(this, OpKind::kLen, site);
  const Operation op{.kind = OpKind::kLen, .site = site, .object = this};
  runtime->Before(op);
  const std::size_t length = count_;
  runtime->After(op, static_cast<std::uint32_t>(length));
  return length;
}

void ChanCore::CloseQuietly(Runtime* runtime) {
  closed_ = true;
  OrderRelease(this);
  for (WaitQueue* queue : {&receivers_, &senders_}) {
    while (Waiter* waiter = queue->Pop()) {
      waiter->closed = true;
      OrderBeforeWaiter(*waiter);
      runtime->Unpark(waiter->task);
    }
  }
}

void ChanCore::CloseByFault(Runtime* runtime) {
  closed_by_fault_ = true;
  CloseQuietly(runtime);
}

void ChanCore::Offer(Runtime* runtime, void* value) {
  if (!closed_ && SendReady(nullptr)) CommitSend(runtime, value, nullptr);
}

}  // namespace taskleak::internal
