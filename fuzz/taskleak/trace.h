// What happened in a run, step by step.
#ifndef TASKLEAK_TRACE_H_
#define TASKLEAK_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "taskleak/clock.h"
#include "taskleak/schedule.h"
#include "taskleak/site.h"
#include "taskleak/task.h"

namespace taskleak {

struct TraceTask {
  TaskId id = 0;
  TaskId parent = 0;
  TaskPath path;
  std::string name;
  Site created_at;
};

struct TraceEvent {
  enum class Kind : std::uint8_t {
    kStart,      // The task was created.
    kOperation,  // An operation was done; `outcome` says how it ended.
    kPark,       // It blocked in the operation.
    kUnpark,     // It was woken.
    kEnd,
    kTimer,      // A timer of the task's fired.
    kException,  // The schedule decided otherwise than the canonical one; `entry` indexes
                 // Trace::exceptions.
  };
  Kind kind = Kind::kOperation;
  std::uint64_t step = 0;
  TimePoint time;
  TaskId task = 0;
  std::uint32_t op = 0;   // Which of its operations.
  std::string operation;  // "chan send" …
  std::uint32_t nth = 0;  // Which of its operations of this name.
  std::string object;     // "channel 2"; empty if none. Of a select: of the case it took.
  std::string label;      // EarlyReturn's.
  std::uint32_t outcome =
      0;  // 0 done, 1 not ready, 2 closed, 3 panicked; from 16 on, 16 + the select's case.
  Site site;
  std::uint32_t entry = 0;
};

// The record of one run, made when a schedule is replayed for a report.
struct Trace {
  std::uint64_t hash =
      0;  // The same for one schedule in every build; of paths, operations, objects and outcomes.
  std::vector<TraceTask> tasks;
  std::vector<TraceEvent> events;
  std::vector<ScheduleEntry> exceptions;
};

}  // namespace taskleak

#endif  // TASKLEAK_TRACE_H_
