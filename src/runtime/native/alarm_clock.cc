#include "src/runtime/native/alarm_clock.h"

#include <pthread.h>

#include <algorithm>
#include <system_error>

#include "src/runtime/native/native_runtime.h"

namespace taskleak::internal {

AlarmClock& AlarmClock::Get() {
  static auto* const clock = new AlarmClock;
  return *clock;
}

void AlarmClock::Wake() {
  if (started_) {
    changed_.store(1, std::memory_order_release);
    FutexWake(changed_);
    return;
  }
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, &Main, this);
  if (error != 0)
    throw std::system_error(error, std::generic_category(),
                            "taskleak could not start the thread that fires its timers");
  pthread_detach(thread);
  started_ = true;
}

void* AlarmClock::Main(void* argument) {
  pthread_setname_np(pthread_self(), "taskleak-timers");
  auto* clock = static_cast<AlarmClock*>(argument);
  NativeRuntime& runtime = NativeRuntime::Process();
  NativeTask self;  // In no list: what it does is nobody's task.
  // For all that, it may have to wait: the last reference to a context, and so to its values, may
  // be the timer's, and what a value's destructor does is the user's.
  self.record = taskleak_v1_task_acquire();
  t_state = {&runtime, &self, kNativeRun, false};
  for (;;) {
    clock->changed_.store(0, std::memory_order_relaxed);
    runtime.BeginExclusive();
    const std::int64_t due = runtime.FireDue(runtime.Now());
    runtime.EndExclusive();
    if (due == INT64_MAX)
      FutexWait(clock->changed_, 0);
    else
      FutexWait(clock->changed_, 0, std::max<std::int64_t>(due - runtime.Now(), 0));
  }
}

}  // namespace taskleak::internal
