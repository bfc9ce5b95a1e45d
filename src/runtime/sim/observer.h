// Who watches a run: recorders of traces, makers of reports.
#ifndef TASKLEAK_RUNTIME_SIM_OBSERVER_H_
#define TASKLEAK_RUNTIME_SIM_OBSERVER_H_

#include <cstdint>

#include "src/runtime/sim/decider.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

class Simulator;

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
  virtual void OnException(const LoggedException& /*exception*/, const SimTask& /*anchor*/) {}
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_OBSERVER_H_
