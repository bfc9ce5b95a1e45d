// From what a person hands over to a schedule.
#ifndef TASKLEAK_HARNESS_EXPLORE_READ_SCHEDULE_H_
#define TASKLEAK_HARNESS_EXPLORE_READ_SCHEDULE_H_

#include <string>

#include "taskleak/explore.h"

namespace taskleak::internal {

// `what`: a token, or the name of a file that holds a token, kept schedules of which there is one,
// or a schedule's text form (see fuzz/script.h), for which the body is run once. Throws UsageError,
// which says what is wrong with it; for a text also when the run did not come to one of its lines.
Schedule ReadSchedule(const Body& body, const std::string& what, ExploreOptions options);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_READ_SCHEDULE_H_
