// What becomes of a run that leaked: the report is out before anything is unwound, however much is
// left is unwound, and the next run begins with the same memory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEARDOWN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEARDOWN_SANITIZED 1
#endif
#endif

namespace {

using taskleak::Chan;
using taskleak::Explore;
using taskleak::ExploreOptions;
using taskleak::ExploreResult;
using taskleak::FailureKind;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::Mutex;

#ifdef TEARDOWN_SANITIZED
constexpr int kFlood = 1'000;
constexpr std::uint64_t kRuns = 5;
#else
constexpr int kFlood = 50'000;
constexpr std::uint64_t kRuns = 3;
#endif

ExploreOptions Quiet(std::uint64_t schedules = 1) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  options.shrink_budget = taskleak::Duration(0);
  return options;
}

std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// TEARDOWN_TEST_RUNS in the environment makes it a soak.
std::uint64_t Runs() {
  const char* text = std::getenv("TEARDOWN_TEST_RUNS");
  return text == nullptr ? kRuns : std::strtoull(text, nullptr, 10);
}

// Property: a body that leaks all its tasks takes, run again and again, the memory of one run. Each
// task holds memory of its own, which unwinding gives back.
TEST(Teardown, AFloodThatLeaksAgainAndAgainTakesTheMemoryOfOne) {
  const auto body = [] {
    const auto channel = MakeChan<std::string>();
    for (int i = 0; i < kFlood; ++i) Go([channel] { channel.Send(std::string(64, 'x')); });
  };
  ExploreOptions options = Quiet(2);
  options.keep_going = true;
  options.max_steps = 10'000'000;
  static_cast<void>(Explore(body, options));
  const std::uint64_t before = ResidentBytes();
  options.schedules = Runs();
  const ExploreResult result = Explore(body, options);
  EXPECT_EQ(result.schedules, options.schedules);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->leaked.size(), static_cast<std::size_t>(kFlood));
  EXPECT_EQ(result.abandoned, 0u);
  const std::uint64_t after = ResidentBytes();
  EXPECT_LT(after, before + before / 2) << "grown by half";
  std::printf("%llu runs that leak %d tasks each: %llu MiB before, %llu MiB after\n",
              static_cast<unsigned long long>(result.schedules), kFlood,
              static_cast<unsigned long long>(before >> 20),
              static_cast<unsigned long long>(after >> 20));
}

TEST(Teardown, ATaskThatHoldsTenThousandObjectsGivesThemBack) {
  const auto alive = std::make_shared<int>(0);
  const ExploreResult result = Explore(
      [alive] {
        Go("hoarder", [alive] {
          std::vector<Chan<std::shared_ptr<int>>> channels;
          std::vector<std::unique_ptr<Mutex>> locks;
          for (int i = 0; i < 5'000; ++i) {
            channels.push_back(MakeChan<std::shared_ptr<int>>(1));
            channels.back().Send(alive);
            locks.push_back(std::make_unique<Mutex>());
            locks.back()->Lock();
          }
          static_cast<void>(MakeChan<int>().Recv());
        });
      },
      Quiet());
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kLeak);
  EXPECT_EQ(result.abandoned, 0u);
  EXPECT_EQ(alive.use_count(), 1) << "what was buffered in the channels is gone too";
}

// A task that leaks while it handles an exception takes the exception along, and lets go of it.
TEST(Teardown, ALeakInsideACatchBlockLetsGoOfItsException) {
  struct Counted : std::runtime_error {
    explicit Counted(std::shared_ptr<int> held)
        : std::runtime_error("counted"), held(std::move(held)) {}
    std::shared_ptr<int> held;
  };
  const auto alive = std::make_shared<int>(0);
  for (int i = 0; i < 3; ++i) {
    const ExploreResult result = Explore(
        [alive] {
          for (int task = 0; task < 4; ++task) {
            Go("handler", [alive] {
              try {
                throw Counted(alive);
              } catch (const Counted& error) {
                EXPECT_STREQ(error.what(), "counted");
                static_cast<void>(Chan<int>().Recv());
              }
            });
          }
        },
        Quiet());
    ASSERT_TRUE(result.failure.has_value());
    EXPECT_EQ(result.failure->leaked.size(), 4u);
    EXPECT_EQ(result.abandoned, 0u);
    EXPECT_EQ(alive.use_count(), 1);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  }
}

// The clean side: the same tasks, whom somebody serves.
TEST(Teardown, AHandlerThatIsServedIsNoLeak) {
  const ExploreResult result = Explore(
      [] {
        const auto channel = MakeChan<int>();
        Go("handler", [channel] {
          try {
            throw std::runtime_error("caught");
          } catch (const std::runtime_error&) {
            EXPECT_EQ(channel.Recv(), 1);
          }
        });
        channel.Send(1);
      },
      Quiet(500));
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
}

// The leak is on standard error when the first frame of its tasks is unwound: a destructor that
// ends the process there takes nothing of it along.
TEST(TeardownDeathTest, TheReportIsOutBeforeTheFirstFrameIsUnwound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  struct EndsTheProcess {
    ~EndsTheProcess() { _exit(42); }
  };
  EXPECT_EXIT(
      {
        ExploreOptions options = Quiet();
        options.quiet = false;
        static_cast<void>(Explore(
            [] {
              Go("doomed", [] {
                const EndsTheProcess last;
                static_cast<void>(Chan<int>().Recv());
              });
            },
            options));
      },
      testing::ExitedWithCode(42), "leak in schedule 1 .*chan recv at teardown_test.cc");
}

}  // namespace
