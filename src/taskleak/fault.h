// What the schedule may do to a body. Each is a decision of the schedule; in the canonical
// schedule, natively, and outside a run, none happens.
#ifndef TASKLEAK_FAULT_H_
#define TASKLEAK_FAULT_H_

#include <cstdint>
#include <string_view>

#include "taskleak/chan.h"
#include "taskleak/context.h"
#include "taskleak/site.h"

namespace taskleak {

// "Should this function return here?" `label` names the place in reports and schedules; it must
// outlive the run (a literal does).
[[nodiscard]] bool EarlyReturn(std::string_view label, const Site& site = Site::Here());

// The schedule may call it at any later step, also when all tasks wait.
void MayCancel(const CancelFunc& cancel, const Site& site = Site::Here());

namespace internal {
void MayCloseCore(const Ref<ChanCore>& core, const Site& site);
}

// The schedule may close it at any later step. The owner's own later Close is then a no-op; a send
// panics as after any close.
template <class C>
void MayClose(const C& channel, const Site& site = Site::Here()) {
  static_assert(requires { channel.Close(); }, "MayClose takes a Chan or a SendChan");
  if (!internal::Unwinding()) internal::MayCloseCore(channel.core(), site);
}

// Fuzzed data in [lo, hi]; canonically the value nearest 0. Throws Panic when lo > hi.
std::int64_t FuzzInt(std::int64_t lo, std::int64_t hi, const Site& site = Site::Here());
// Canonically false.
bool FuzzBool(const Site& site = Site::Here());

}  // namespace taskleak

#endif  // TASKLEAK_FAULT_H_
