// The thread that fires the process's timers.
#ifndef TASKLEAK_RUNTIME_NATIVE_ALARM_CLOCK_H_
#define TASKLEAK_RUNTIME_NATIVE_ALARM_CLOCK_H_

#include "src/runtime/native/futex.h"

namespace taskleak::internal {

// Started by the first timer, never ended, named "taskleak-timers"; no task of anybody's. It sleeps
// until the next timer is due and fires all that are, under the runtime's lock.
class AlarmClock {
 public:
  static AlarmClock& Get();
  // A timer is due sooner than it knows. Called under the runtime's lock. Throws std::system_error
  // when the first one cannot start the thread.
  void Wake();
  // In the child of a fork: the next timer starts it anew.
  void ForgetThread() { started_ = false; }

 private:
  AlarmClock() = default;
  static void* Main(void* clock);

  bool started_ = false;
  FutexWord changed_{0};
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_ALARM_CLOCK_H_
