// A fuzz test of somebody else's project, with the main of the installed package.
#include "taskleak/fuzz_test.h"
#include "taskleak/taskleak.h"

TASKLEAK_FUZZ_TEST(Consumer, HasAFuzzTest) {
  auto answers = taskleak::MakeChan<int>(1);
  taskleak::Go("sender", [answers] { answers.Send(1); });
}
