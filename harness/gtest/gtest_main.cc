// A main for test programs: GoogleTest's, with taskleak's exit code for wrong use.
#include <gtest/gtest.h>

#include <cstdio>

#include "harness/explore/environment.h"
#include "taskleak/error.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    taskleak::internal::ReadEnvironment();
  } catch (const taskleak::UsageError& error) {
    std::fprintf(stderr, "taskleak: %s\n", error.what());
    return 2;
  }
  return RUN_ALL_TESTS();
}
