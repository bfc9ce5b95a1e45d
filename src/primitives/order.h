// What a channel orders, for TSan: Go's memory model (go.dev/ref/mem, 2022). Compiles to nothing
// without it.
//
// A send happens before the completion of its receive: through the buffer's slot, or through the
// waiter of who was parked. Of an unbuffered channel the receive also happens before the completion
// of the send, and of one with room for C, before the completion of the send that is C later. A
// hand-over to or from a parked task orders the two both ways, also where a buffer stands between
// them and the model gives one way only. A close happens before a receive that returns because of
// it. Two senders are not ordered by using one channel.
#ifndef TASKLEAK_PRIMITIVES_ORDER_H_
#define TASKLEAK_PRIMITIVES_ORDER_H_

#include "src/runtime/sanitizer.h"
#include "taskleak/internal/waiter.h"

namespace taskleak::internal {

// The task that is about to park, and when it goes on.
inline void OrderWaiterBefore(Waiter& waiter) { OrderReleaseAnew(&waiter.index); }
inline void OrderWaiterAfter(const Waiter& waiter) { OrderAcquireOnce(waiter.claim); }

// The task that serves it: before it touches the element, and when it has claimed the waiter.
inline void OrderAfterWaiter(const Waiter& waiter) { OrderAcquireOnce(&waiter.index); }
inline void OrderBeforeWaiter(Waiter& waiter) { OrderReleaseAnew(waiter.claim); }

}  // namespace taskleak::internal

#endif  // TASKLEAK_PRIMITIVES_ORDER_H_
