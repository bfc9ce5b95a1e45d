// A main for test programs: GoogleTest's, with taskleak's flags, and its exit code for wrong use.
#include <gtest/gtest.h>

#include "taskleak/fuzz_test.h"

int main(int argc, char** argv) {
  taskleak::InitFuzzTests(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  return taskleak::RunTests();
}
