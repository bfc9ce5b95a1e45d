// A channel without its type: queues, buffer, closure. Chan<T> is a thin typed handle on it.
#ifndef TASKLEAK_INTERNAL_CHAN_CORE_H_
#define TASKLEAK_INTERNAL_CHAN_CORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "taskleak/internal/object.h"
#include "taskleak/internal/runtime.h"
#include "taskleak/internal/waiter.h"
#include "taskleak/site.h"

namespace taskleak::internal {

// What travels through a channel: the element, or, where moving it may throw, a box of it. So
// nothing that happens between two tasks can throw, and no message is lost half way.
template <class T>
using Parcel = std::conditional_t<std::is_nothrow_move_constructible_v<T>, T, std::unique_ptr<T>>;

// How to handle parcels. `out` is a std::optional<Parcel<T>>*; none of these throws.
struct ElementOps {
  std::size_t size;
  std::size_t alignment;
  void (*put)(void* slot, void* value) noexcept;  // Moves a value into an empty slot.
  void (*take)(void* out, void* slot) noexcept;   // Moves a slot's value out and empties the slot.
  void (*hand)(void* out, void* value) noexcept;  // Moves a value to the receiver.
  void (*drop)(void* slot) noexcept;
};

template <class P>
inline constexpr ElementOps kElementOps = {
    sizeof(P),
    alignof(P),
    [](void* slot, void* value) noexcept { new (slot) P(std::move(*static_cast<P*>(value))); },
    [](void* out, void* slot) noexcept {
      P* value = static_cast<P*>(slot);
      static_cast<std::optional<P>*>(out)->emplace(std::move(*value));
      value->~P();
    },
    [](void* out, void* value) noexcept {
      static_cast<std::optional<P>*>(out)->emplace(std::move(*static_cast<P*>(value)));
    },
    [](void* slot) noexcept { static_cast<P*>(slot)->~P(); },
};

// Go's channel (The Go Programming Language Specification, "Channel types", "Send statements",
// "Receive operator", "Close"). Called by the tasks of its run only.
//
// Invariants:
//  1. Receivers wait only while the buffer is empty and no sender waits; senders wait only while
//  the
//     buffer is full and no receiver waits.
//  2. Once closed, nobody waits, and what is buffered is still received, in order.
//  3. The caller of an operation holds a reference throughout: the handle may die while the task is
//  preempted or parked.
class ChanCore : public Object {
 public:
  // `ops` and, behind the object, `capacity` slots. Made with one reference, held by the caller.
  static ChanCore* Make(const ElementOps& ops, std::size_t capacity, const Site& site);

  void Send(void* value, const Site& site);
  // Into `out`; leaves it empty when closed and drained.
  void Recv(void* out, const Site& site);
  // `prepare`, if given, makes the value from what it is given, once it is certain that it will be
  // sent; it may throw. What it calls of the user's must not wait for another thread: no other
  // operation goes on meanwhile.
  bool TrySend(void* value, void* (*prepare)(void*), const Site& site);
  // False: nothing was ready. True with an empty `out`: closed and drained.
  bool TryRecv(void* out, const Site& site);
  void Close(const Site& site);
  std::size_t Len(const Site& site);
  std::size_t capacity() const { return capacity_; }
  std::size_t count() const { return count_; }  // Buffered.
  bool closed() const { return closed_; }
  bool full() const { return count_ == capacity_; }

  // For selects: whether an operation could proceed at once (a send on a closed channel can: it
  // panics).
  bool SendReady(const Task* self);
  bool RecvReady(const Task* self);
  // Does what is known to be ready. False: the channel is closed (a send then did nothing).
  bool CommitSend(Runtime* runtime, void* value, const Task* self);
  bool CommitRecv(Runtime* runtime, void* out, const Task* self);
  // The context whose done channel this is; 0: none. For reports.
  std::uint32_t context = 0;

  WaitQueue& senders() { return senders_; }
  WaitQueue& receivers() { return receivers_; }

  // What is buffered dies with the run, or a channel that holds its own handle would never.
  void Sever() override;

  // The runtime's side: a close by the schedule, after which the owner's own Close is a no-op; a
  // close of a context's done channel, which is no operation of its own; a tick, dropped when the
  // buffer is full.
  void CloseByFault(Runtime* runtime);
  void CloseQuietly(Runtime* runtime);
  void Offer(Runtime* runtime, void* value);

 protected:
  ChanCore(const ElementOps& ops, std::size_t capacity, void* slots, const Site& site)
      : Object(ObjectKind::kChannel, site),
        ops_(ops),
        slots_(static_cast<std::byte*>(slots)),
        capacity_(capacity) {}
  ~ChanCore() override;
  void Destroy() noexcept override;

 private:
  void DropBuffered();
  std::size_t OrderAsBuffered(std::size_t slot);
  void* Slot(std::size_t i) const { return slots_ + i * ops_.size; }
  std::size_t Wrap(std::size_t i) const { return i >= capacity_ ? i - capacity_ : i; }
  [[noreturn]] static void Panicked(Runtime* runtime, const Operation& op, const char* sentence);

  const ElementOps& ops_;
  std::byte* const slots_;
  const std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  bool closed_ = false;
  bool closed_by_fault_ = false;
  WaitQueue senders_;
  WaitQueue receivers_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_CHAN_CORE_H_
