// Timers behind Timer, Ticker, After and AfterFunc.
#ifndef TASKLEAK_INTERNAL_TIMER_CORE_H_
#define TASKLEAK_INTERNAL_TIMER_CORE_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "taskleak/internal/chan_core.h"
#include "taskleak/internal/object.h"
#include "taskleak/internal/pool.h"
#include "taskleak/internal/runtime.h"
#include "taskleak/site.h"

namespace taskleak {
class Timer;
}

namespace taskleak::internal {

// A timer and what it feeds: a channel of capacity one, or a function that becomes a task. Counted;
// while it is armed the runtime's queue holds one reference (dropped on firing, on Stop and at the
// end of the run).
class TimerCore final : public TimerNode, public Pooled {
 public:
  static Ref<TimerCore> MakeChannel(std::int64_t period,
                                    const Site& site);  // period 0: fires once.
  static Ref<TimerCore> MakeFunction(std::function<void()> f, const Site& site);

  void AddRef() noexcept { refs_.Add(); }
  void Release() noexcept;

  // True if it was armed.
  bool Start(Runtime* runtime, std::int64_t when);
  bool Stop(Runtime* runtime);
  void set_period(std::int64_t period) { period_ = period; }
  ChanCore* channel() const { return channel_.get(); }
  const Site& made_at() const { return made_at_; }
  std::uint64_t run() const { return run_; }

  void Fire() override;
  void TouchAll(Runtime& runtime) const override {
    if (channel_) runtime.Touch(*channel_);
  }
  bool FiringIsIdle() const override { return period_ > 0 && channel_->full(); }
  bool MaySpawn() const override { return function_ != nullptr; }
  void Drop() override { Release(); }

 private:
  explicit TimerCore(const Site& site);

  RefCount refs_;
  std::int64_t period_ = 0;
  internal::Ref<ChanCore> channel_;
  std::function<void()> function_;
  Site made_at_;
  std::uint64_t run_ = 0;
};

// A point in time so far off that it cannot be told is the last one there is.
inline std::int64_t SaturatingAdd(std::int64_t time, std::int64_t duration) {
  std::int64_t sum;
  if (!__builtin_add_overflow(time, duration, &sum)) return sum;
  return duration < 0 ? INT64_MIN : INT64_MAX;
}

taskleak::Timer NewFuncTimer(std::int64_t duration, std::function<void()> f, const Site& site);

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_TIMER_CORE_H_
