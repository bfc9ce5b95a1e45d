// Programs by the thousand, each from its seed.
#ifndef TASKLEAK_PRIMITIVES_MODEL_GENERATE_H_
#define TASKLEAK_PRIMITIVES_MODEL_GENERATE_H_

#include <cstdint>

#include "src/primitives/model/program.h"

namespace taskleak::model {

// At most: tasks (from 2 to kMaxTasks), and operations of all tasks together.
struct Size {
  int tasks;
  int ops;
};

// The same program for the same seed and size, on every machine. Its operations are drawn so that
// tasks meet: most of them concern one kind of primitive and few objects, what is locked is often
// unlocked again, and some of them block for ever or panic.
Program Generate(std::uint64_t seed, Size size);

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_GENERATE_H_
