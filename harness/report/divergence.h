// Where two runs that should be one and the same part.
#ifndef TASKLEAK_HARNESS_REPORT_DIVERGENCE_H_
#define TASKLEAK_HARNESS_REPORT_DIVERGENCE_H_

#include <string>

#include "taskleak/trace.h"

namespace taskleak::internal {

inline constexpr char kWhatToLookFor[] =
    "The body keeps state between runs (a static it changes), or uses a real clock, real threads, "
    "addresses or random numbers; make it the same each time, and what it shows can be trusted";

// "they part where worker-2 came to its 3rd chan send (pool.cc:41) in one, and worker-1 ended in
// the other".
std::string TellDivergence(const Trace& first, const Trace& second);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_REPORT_DIVERGENCE_H_
