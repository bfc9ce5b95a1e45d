// Who watches a run: recorders of traces, makers of reports.
#ifndef TASKLEAK_RUNTIME_SIM_OBSERVER_H_
#define TASKLEAK_RUNTIME_SIM_OBSERVER_H_

#include <cstdint>

#include "src/runtime/sim/decider.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

class Simulator;
struct RunResult;

// Called from within the run. The fast path has no observer.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnTask(const SimTask& /*task*/, std::uint32_t /*parent*/, const Site& /*site*/) {}
  virtual void OnBefore(const SimTask& /*task*/, const Operation& /*op*/) {}
  virtual void OnAfter(const SimTask& /*task*/, const Operation& /*op*/,
                       std::uint32_t /*outcome*/) {}
  virtual void OnPark(const SimTask& /*task*/, const Operation& /*op*/) {}
  virtual void OnUnpark(const SimTask& /*task*/) {}
  virtual void OnEnd(const SimTask& /*task*/) {}
  virtual void OnTimer(const TimerNode& /*timer*/) {}
  // What a timer or a fault does when it fires is done.
  virtual void OnFired() {}
  // An object was touched otherwise than by an operation on it: see Runtime::Touch.
  virtual void OnTouch(const Object& /*object*/) {}
  // A timer was put into the queue, or taken out before it fired; the time was asked for.
  virtual void OnArm(TimerNode& /*timer*/) {}
  virtual void OnDisarm(TimerNode& /*timer*/) {}
  virtual void OnClock() {}
  // The verdict is known, and nothing has been unwound.
  virtual void OnRunEnd(const RunResult& /*result*/) {}
  virtual void OnException(const LoggedException& /*exception*/, const SimTask& /*anchor*/) {}
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_OBSERVER_H_
