// Sees on real time that a run has stopped moving.
#ifndef TASKLEAK_RUNTIME_SIM_WATCHDOG_H_
#define TASKLEAK_RUNTIME_SIM_WATCHDOG_H_

#include <chrono>

namespace taskleak::internal {

class Simulator;

// A task that blocks its OS thread (a std::mutex held across a switch, a real sleep) or that spins
// without an operation stops the whole simulation, which cannot notice. This thread of the process
// does: when a run makes no step for the limit, it names the task that runs and the others, and
// ends the process with exit code 2. Not while a debugger is attached.
class Watchdog {
 public:
  // Around a run, on its thread. The first call starts the watchdog's thread.
  static void Enter(Simulator* simulator);
  static void Leave();

  // Default 5 s; 0 switches it off. Any thread.
  static void SetLimit(std::chrono::milliseconds limit);
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_WATCHDOG_H_
