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
  // A timer is due sooner than it knows. Called under the runtime's lock.
  void Wake();

 private:
  AlarmClock();
  static void* Main(void* clock);

  FutexWord changed_{0};
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_ALARM_CLOCK_H_
