// Makes a failing program small, so that it can be read.
#ifndef TASKLEAK_PRIMITIVES_MODEL_SHRINK_H_
#define TASKLEAK_PRIMITIVES_MODEL_SHRINK_H_

#include <functional>

#include "src/primitives/model/program.h"

namespace taskleak::model {

// Leaves out tasks, operations and cases, one after the other, as long as the program still fails.
// None can be left out of the result.
Program Shrink(Program program, const std::function<bool(const Program&)>& fails);

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_SHRINK_H_
