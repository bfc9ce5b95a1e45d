// A schedule told in sentences.
#ifndef TASKLEAK_HARNESS_REPORT_PROSE_H_
#define TASKLEAK_HARNESS_REPORT_PROSE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "taskleak/failure.h"
#include "taskleak/trace.h"

namespace taskleak::internal {

// One sentence for each decision, in the order they were taken, up to `limit` of them: the schedule
// of a flood that was not shrunk has fifty thousand. Of an entry that was never reached nothing is
// said.
struct ScheduleProse {
  std::vector<std::string> sentences;
  std::size_t untold = 0;  // Decisions beyond the limit.
};
ScheduleProse TellSchedule(const Trace& trace, std::size_t limit = SIZE_MAX);

// "root" or, with a name, "worker-2"; two tasks of one name are told apart by their paths.
std::string NameOf(const Trace& trace, TaskId id);

// What a task was last seen doing: "ended at …", "is blocked in …", with the early return that led
// there.
std::string WhereIs(const Trace& trace, TaskId id);

// "worker_pool.cc:41"; "an unknown place".
std::string At(const Site& site);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_REPORT_PROSE_H_
