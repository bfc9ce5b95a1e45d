// Durations and the runtime's clock; Sleep, After, Timer, Ticker, AfterFunc.
#ifndef TASKLEAK_TIME_H_
#define TASKLEAK_TIME_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "taskleak/chan.h"
#include "taskleak/clock.h"
#include "taskleak/internal/spawn.h"
#include "taskleak/internal/timer_core.h"
#include "taskleak/site.h"

namespace taskleak {

// Gives way for a duration; on the simulator that is virtual time, and costs none.
void Sleep(Duration duration, const Site& site = Site::Here());

// A channel that receives the time once, after `duration`. The timer runs on if nobody receives.
RecvChan<TimePoint> After(Duration duration, const Site& site = Site::Here());

// Handles on a timer, as Go's before version 1.23: the channel has room for one, an expiry that
// finds it full is dropped, and neither Stop nor Reset drains it. Dropping the handle does not stop
// the timer.
class [[nodiscard]] Timer {
 public:
  Timer() = default;

  // The channel; nil for a timer made by AfterFunc.
  RecvChan<TimePoint> C() const;
  // True if this call stopped it; false if it had fired or been stopped before.
  bool Stop(const Site& site = Site::Here()) const;
  // Starts it anew; true if it had been running.
  bool Reset(Duration duration, const Site& site = Site::Here()) const;

 private:
  friend Timer NewTimer(Duration, const Site&);
  friend Timer internal::NewFuncTimer(std::int64_t, std::function<void()>, const Site&);
  explicit Timer(internal::Ref<internal::TimerCore> core) : core_(std::move(core)) {}
  internal::Ref<internal::TimerCore> core_;
};

Timer NewTimer(Duration duration, const Site& site = Site::Here());

// Runs `f` as a task of its own after `duration`.
template <class F>
Timer AfterFunc(Duration duration, F f, const Site& site = Site::Here()) {
  if (internal::Unwinding()) return Timer();
  return internal::NewFuncTimer(duration.count(), internal::Share(std::move(f)), site);
}

class [[nodiscard]] Ticker {
 public:
  Ticker() = default;
  RecvChan<TimePoint> C() const;
  void Stop(const Site& site = Site::Here()) const;
  void Reset(Duration period, const Site& site = Site::Here()) const;

 private:
  friend Ticker NewTicker(Duration, const Site&);
  explicit Ticker(internal::Ref<internal::TimerCore> core) : core_(std::move(core)) {}
  internal::Ref<internal::TimerCore> core_;
};

// A tick every `period`, which must be above zero (else a panic, as in Go).
Ticker NewTicker(Duration period, const Site& site = Site::Here());

}  // namespace taskleak

#endif  // TASKLEAK_TIME_H_
