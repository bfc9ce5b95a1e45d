// What a schedule showed.
#ifndef TASKLEAK_FAILURE_H_
#define TASKLEAK_FAILURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "taskleak/registry.h"
#include "taskleak/schedule.h"
#include "taskleak/trace.h"

namespace taskleak {

enum class FailureKind {
  kLeak,            // Root returned; tasks are blocked for ever, or one runs for ever.
  kDeadlock,        // Root itself cannot go on. The others are listed too.
  kPanic,           // A Panic left a task.
  kException,       // Another exception left a task.
  kAssertion,       // An EXPECT or ASSERT of the body failed under this schedule.
  kNondeterminism,  // One schedule gave two different traces.
  kStepLimit,       // The run did not end within twice max_steps.
};
const char* ToString(FailureKind kind);

struct Failure {
  FailureKind kind = FailureKind::kLeak;
  // kLeak, kDeadlock: the tasks that never ended (root first when it is one). kPanic, kException:
  // the task that threw. kStepLimit: those that still ran, then those that are suspect.
  std::vector<TaskSnapshot> leaked;
  Schedule schedule;  // Shrunk.
  Trace trace;        // Of that schedule.

  std::string message;            // What was thrown; the assertion's text.
  std::uint64_t found_after = 0;  // Schedules run, up to and including the failing one.
  std::uint64_t out_of = 0;       // The budget; 0: no limit on the number.
  bool minimal =
      false;  // Shrinking reached its end: no entry can be left out. Else its budget ended first.
  std::size_t entries_before_shrinking = 0;
  std::uint32_t abandoned = 0;  // Tasks that could not be unwound.
  std::string body;             // The body's name: "Suite.Name", a scenario.
  std::string replay_line;      // How to see it again.

  // The report, as people read it.
  std::string Text() const;
  // The schedule as text that a person can read and edit, one decision a line: "worker-2 at its 3rd
  // send: collector runs first". TASKLEAK_REPLAY=FILE and --replay=FILE take a file of it.
  std::string Script() const;
  // What it is, by names that hold in every build of a body, whatever the compiler, and after its
  // lines have moved: the kind, and of the most telling task its path, its name, and which of its
  // operations it is in: "leak: root.2 \"worker-1\" in its 3rd chan send on channel 2". Within one
  // process two failures are the same by the places in the source instead.
  std::string Identity() const;
  // Its last line: "SUMMARY: taskleak: 2 tasks blocked in chan send (worker_pool.cc:41), started at
  // worker_pool.cc:33".
  std::string Summary() const;
};

}  // namespace taskleak

#endif  // TASKLEAK_FAILURE_H_
