// The README's fuzz test. It fails, as the README says, and CI expects it to.
#include "taskleak/fuzz_test.h"
#include "taskleak/taskleak.h"

// README: begin
TASKLEAK_FUZZ_TEST(Answer, IsAwaited) {
  auto answers = taskleak::MakeChan<int>();
  taskleak::Go("asker", [answers] { answers.Send(42); });
  if (taskleak::EarlyReturn("out of time")) return;
  answers.Recv();
}
// README: end
