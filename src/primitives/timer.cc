#include <algorithm>
#include <utility>

#include "taskleak/error.h"
#include "taskleak/internal/timer_core.h"
#include "taskleak/time.h"

namespace taskleak {
namespace internal {

// Within a run: its callers have asked for the runtime.
TimerCore::TimerCore(const Site& site) : made_at_(site), run_(t_state.run) {
  if (!t_state.runtime->simulated) refs_.Share();
  t_state.runtime->AdoptTimer(this);
}

Ref<TimerCore> TimerCore::MakeChannel(std::int64_t period, const Site& site) {
  ChanCore* channel = ChanCore::Make(kElementOps<TimePoint>, 1, site);
  Ref<TimerCore> core(new TimerCore(site));
  core->channel_ = internal::Ref<ChanCore>(channel);
  channel->Release();
  core->period_ = period;
  return core;
}

Ref<TimerCore> TimerCore::MakeFunction(std::function<void()> f, const Site& site) {
  Ref<TimerCore> core(new TimerCore(site));
  core->function_ = std::move(f);
  return core;
}

void TimerCore::Release() noexcept {
  if (!refs_.Drop()) return;
  const auto destroy = [](void* core) noexcept { delete static_cast<TimerCore*>(core); };
  if (t_state.runtime != nullptr)
    t_state.runtime->Dispose(this, destroy);
  else
    destroy(this);
}

bool TimerCore::Start(Runtime* runtime, std::int64_t when) {
  const bool was_armed = armed();
  if (was_armed)
    runtime->Disarm(this);
  else
    AddRef();
  runtime->Arm(this, when);
  return was_armed;
}

bool TimerCore::Stop(Runtime* runtime) {
  if (!armed()) return false;
  runtime->Disarm(this);
  Release();
  return true;
}

void TimerCore::Fire() {
  const internal::Ref<TimerCore> keep(this);
  Runtime* runtime = t_state.runtime;
  if (period_ > 0)
    runtime->Arm(this, SaturatingAdd(when, period_));  // The queue keeps its reference.
  else
    Release();
  if (function_ != nullptr) {
    runtime->SpawnFor(owner, function_, "time.AfterFunc", made_at_);
    return;
  }
  TimePoint now{Duration(runtime->Now())};
  runtime->Touch(*channel_);
  channel_->Offer(runtime, &now);
  channel_->last_step = runtime->steps;
}

namespace {

// A timer operation: its object is the timer's channel, if it has one. The core by value: the
// handle may die while the task is preempted.
template <class F>
auto TimerOperation(OpKind kind, const Ref<TimerCore> core, const Site& site, F f) {
  Runtime* runtime = CurrentRuntime();
  if (core->run() != t_state.run)
    RefuseForeignUse("timer", core->made_at(), core->run(), kind, site);
  const Operation op{.kind = kind, .site = site, .object = core->channel()};
  runtime->Before(op);
  const bool result = f(runtime, *core);
  runtime->After(op, result ? outcome::kDone : outcome::kNotReady);
  return result;
}

// When a timer of this duration is due; one below zero is due at once.
std::int64_t Due(Runtime* runtime, Duration duration) {
  return SaturatingAdd(runtime->Now(), std::max<std::int64_t>(duration.count(), 0));
}

}  // namespace

taskleak::Timer NewFuncTimer(std::int64_t duration, std::function<void()> f, const Site& site) {
  Runtime* runtime = CurrentRuntime();
  const auto core = TimerCore::MakeFunction(std::move(f), site);
  core->Start(runtime, Due(runtime, Duration(duration)));
  return taskleak::Timer(core);
}

}  // namespace internal

using internal::OpKind;
using internal::Runtime;
using internal::TimerCore;

void Sleep(Duration duration, const Site& site) {
  if (internal::Unwinding()) return;
  Runtime* runtime = internal::CurrentRuntime();
  const internal::Operation op{.kind = OpKind::kSleep, .site = site};
  runtime->Before(op);
  if (duration.count() > 0) {
    struct Alarm final : internal::TimerNode {
      void Fire() override { runtime->Unpark(task); }
      ~Alarm() {
        if (armed()) runtime->Disarm(this);  // Unwound while asleep.
      }
      Runtime* runtime;
      internal::Task* task;
    } alarm;
    alarm.runtime = runtime;
    alarm.task = internal::t_state.task;
    runtime->AdoptTimer(&alarm);
    runtime->Arm(&alarm, internal::Due(runtime, duration));
    runtime->Park(op);
  }
  runtime->After(op, internal::outcome::kDone);
}

TimePoint Now(const Site& site) {
  if (internal::Unwinding()) return {};
  Runtime* runtime = internal::CurrentRuntime();
  const internal::Operation op{.kind = OpKind::kNow, .preempts = false, .site = site};
  runtime->Before(op);
  const std::int64_t now = runtime->Now();
  runtime->After(op, internal::outcome::kDone);
  return TimePoint(Duration(now));
}

Clock::time_point Clock::now() { return Now(Site()); }

Timer NewTimer(Duration duration, const Site& site) {
  if (internal::Unwinding()) return {};
  Runtime* runtime = internal::CurrentRuntime();
  const auto core = TimerCore::MakeChannel(0, site);
  core->Start(runtime, internal::Due(runtime, duration));
  return Timer(core);
}

RecvChan<TimePoint> After(Duration duration, const Site& site) {
  return NewTimer(duration, site).C();
}

RecvChan<TimePoint> Timer::C() const {
  if (internal::Unwinding() || !core_ || core_->channel() == nullptr) return {};
  return RecvChan<TimePoint>(internal::Ref<internal::ChanCore>(core_->channel()));
}

bool Timer::Stop(const Site& site) const {
  if (internal::Unwinding() || !core_) return false;
  return internal::TimerOperation(
      OpKind::kTimerStop, core_, site,
      [](Runtime* runtime, TimerCore& core) { return core.Stop(runtime); });
}

bool Timer::Reset(Duration duration, const Site& site) const {
  if (internal::Unwinding() || !core_) return false;
  return internal::TimerOperation(OpKind::kTimerReset, core_, site,
                                  [duration](Runtime* runtime, TimerCore& core) {
                                    return core.Start(runtime, internal::Due(runtime, duration));
                                  });
}

Ticker NewTicker(Duration period, const Site& site) {
  if (internal::Unwinding()) return {};
  Runtime* runtime = internal::CurrentRuntime();
  if (period.count() <= 0) internal::ThrowPanic("non-positive interval for NewTicker", site);
  const auto core = TimerCore::MakeChannel(period.count(), site);
  core->Start(runtime, internal::Due(runtime, period));
  return Ticker(core);
}

RecvChan<TimePoint> Ticker::C() const {
  if (internal::Unwinding() || !core_) return {};
  return RecvChan<TimePoint>(internal::Ref<internal::ChanCore>(core_->channel()));
}

void Ticker::Stop(const Site& site) const {
  if (internal::Unwinding() || !core_) return;
  internal::TimerOperation(OpKind::kTimerStop, core_, site,
                           [](Runtime* runtime, TimerCore& core) { return core.Stop(runtime); });
}

void Ticker::Reset(Duration period, const Site& site) const {
  if (internal::Unwinding() || !core_) return;
  if (period.count() <= 0) internal::ThrowPanic("non-positive interval for Ticker.Reset", site);
  internal::TimerOperation(OpKind::kTimerReset, core_, site,
                           [period](Runtime* runtime, TimerCore& core) {
                             core.set_period(period.count());
                             return core.Start(runtime, internal::Due(runtime, period));
                           });
}

}  // namespace taskleak
