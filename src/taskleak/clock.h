// The runtime's clock.
#ifndef TASKLEAK_CLOCK_H_
#define TASKLEAK_CLOCK_H_

#include <chrono>

#include "taskleak/site.h"

namespace taskleak {

using Duration = std::chrono::nanoseconds;

// Virtual on the simulator: it stands still while tasks run and jumps to the next timer when none
// can. Each run begins at the epoch. Its time points do not mix with those of any other clock.
struct Clock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock, Duration>;
  static constexpr bool is_steady = true;
  static time_point now();
};

using TimePoint = Clock::time_point;

TimePoint Now(const Site& site = Site::Here());

}  // namespace taskleak

#endif  // TASKLEAK_CLOCK_H_
