// Two tasks count in one plain variable: a data race, and no leak. Source: Go's race detector's
// introduction (go.dev/doc/articles/race_detector, "Race on loop counter" and its kin).
//
// Under ThreadSanitizer the simulator shows it only the orderings that the primitives give, so
// `unlocked` is reported, with both lines, under every schedule, though one thread of the operating
// system runs both tasks; and again, the same one, when its schedule is replayed. Without
// ThreadSanitizer there is nothing to see: as far as leaks go both variants hold.
//
// Why `locked` is quiet: each access stands between a Lock and an Unlock of one mutex, and root
// reads after Wait, which comes after both Done.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

void Count(bool locked) {
  const auto mutex = std::make_shared<Mutex>();
  const auto count = std::make_shared<int>(0);
  const auto tasks = std::make_shared<WaitGroup>();
  for (int task = 0; task < 2; ++task) {
    tasks->Go("counter", [mutex, count, tasks, locked] {
      if (locked) mutex->Lock();
      ++*count;
      if (locked) mutex->Unlock();
    });
  }
  tasks->Wait();
}

const RegisterScenario kRegister({
    .name = "race/plain_counter",
    .summary = "two tasks count in one variable; a race for ThreadSanitizer, and no leak",
    .variants =
        {
            {.name = "unlocked",
             .summary = "nothing orders the two; ci/test tsan expects ThreadSanitizer's report",
             .body = [] { Count(false); },
             .races = true},
            {.name = "locked", .summary = "a mutex orders them", .body = [] { Count(true); }},
        },
});

}  // namespace
