// Exceptions across switches: each task's are its own.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

#include "src/runtime/sim/testing.h"
#include "taskleak/chan.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Sleep;
using taskleak::Yield;
using taskleak::internal::RunEnd;
using taskleak::internal::RunOnce;
using taskleak::internal::TestRun;

void ExpectClean(const TestRun& run) {
  EXPECT_EQ(run.result.end, RunEnd::kClean) << run.result.message;
  EXPECT_TRUE(run.left.empty());
}

std::string Current() {
  const std::exception_ptr current = std::current_exception();
  if (current == nullptr) return "none";
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& error) {
    return error.what();
  }
}

// Each task's exceptions are its own, wherever it is switched away from.
TEST(ExceptionsAcrossSwitches, ATaskMayParkInACatchBlock) {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    ExpectClean(RunOnce(
        [] {
          for (const char* name : {"a", "b", "c", "d"}) {
            Go([name] {
              EXPECT_EQ(Current(), "none");
              for (int i = 0; i < 3; ++i) {
                try {
                  throw std::runtime_error(name);
                } catch (const std::runtime_error& error) {
                  EXPECT_EQ(Current(), name);
                  Yield();
                  EXPECT_STREQ(error.what(), name);
                  EXPECT_EQ(Current(), name);
                  EXPECT_EQ(std::uncaught_exceptions(), 0);
                  try {
                    Sleep(1s);
                    throw;
                  } catch (const std::exception& again) {
                    EXPECT_STREQ(again.what(), name);
                  }
                }
                EXPECT_EQ(Current(), "none");
                Yield();
                EXPECT_EQ(Current(), "none");
              }
            });
          }
        },
        seed));
  }
}

TEST(ExceptionsAcrossSwitches, ATaskMayParkInADestructorThatAnExceptionRuns) {
  struct Parks {
    ~Parks() {
      EXPECT_EQ(std::uncaught_exceptions(), 1);
      Yield();
      Sleep(1s);
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }
  };
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    ExpectClean(RunOnce(
        [] {
          for (int i = 0; i < 3; ++i) {
            Go([i] {
              try {
                const Parks parks;
                throw std::runtime_error(std::to_string(i));
              } catch (const std::runtime_error& error) {
                EXPECT_EQ(error.what(), std::to_string(i));
              }
              EXPECT_EQ(std::uncaught_exceptions(), 0);
            });
            Go([] {
              for (int j = 0; j < 4; ++j) {
                EXPECT_EQ(std::uncaught_exceptions(), 0);
                Yield();
              }
            });
          }
        },
        seed));
  }
}

TEST(ExceptionsAcrossSwitches, AnExceptionMayTravelThroughAChannel) {
  ExpectClean(RunOnce([] {
    const auto errors = MakeChan<std::exception_ptr>();
    Go([errors] {
      try {
        throw std::runtime_error("far");
      } catch (...) {
        errors.Send(std::current_exception());
      }
    });
    EXPECT_THROW(std::rethrow_exception(errors.Recv().value()), std::runtime_error);
  }));
}

TEST(ExceptionsAcrossSwitches, TheCallersOwnExceptionIsUntouched) {
  try {
    throw std::runtime_error("host");
  } catch (const std::runtime_error& error) {
    ExpectClean(RunOnce([] {
      EXPECT_EQ(Current(), "none");
      try {
        throw std::logic_error("task");
      } catch (const std::logic_error&) {
        Yield();
      }
    }));
    EXPECT_STREQ(error.what(), "host");
    EXPECT_EQ(Current(), "host");
  }
}

}  // namespace
