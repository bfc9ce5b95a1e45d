// Runs that leak leave no memory behind: their tasks are unwound, their stacks, records and objects
// serve the next run. Under ASan, LSan says the rest at the end of the process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using taskleak::Background;
using taskleak::EarlyReturn;
using taskleak::Explore;
using taskleak::ExploreOptions;
using taskleak::ExploreResult;
using taskleak::Go;
using taskleak::MakeChan;
using taskleak::OnAfter;
using taskleak::OnRecv;
using taskleak::WaitGroup;
using taskleak::WithTimeout;

// The article's pool, whose workers send their results without watching the context. Each result
// owns memory.
void LeakyPool() {
  const auto [ctx, cancel] = WithTimeout(Background(), 3s);
  const auto jobs = MakeChan<int>(10);
  const auto results = MakeChan<std::string>();
  const auto workers = std::make_shared<WaitGroup>();
  for (int i = 0; i < 3; ++i) {
    workers->Go("worker", [ctx = ctx, jobs, results, workers] {
      std::optional<int> job;
      while (Select(OnRecv(jobs, job), OnRecv(ctx.Done())) == 0 && job.has_value()) {
        if (Select(OnAfter(500ms), OnRecv(ctx.Done())) == 1) return;
        results.Send(std::string(100, 'x'));
      }
    });
  }
  Go("dispatcher", [jobs] {
    for (int i = 0; i < 10; ++i) jobs.Send(i);
    jobs.Close();
  });
  for ([[maybe_unused]] const std::string& result : results)
    if (EarlyReturn("first error")) break;
  cancel();
}

std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// How many runs: MEMORY_TEST_SCHEDULES in the environment makes it a soak. Under ASan give it
// ASAN_OPTIONS=quarantine_size_mb=1 too, or what grows is the quarantine.
std::uint64_t Schedules() {
  const char* text = std::getenv("MEMORY_TEST_SCHEDULES");
  return text == nullptr ? 5000 : std::strtoull(text, nullptr, 10);
}

TEST(Memory, RunsThatLeakLeaveNothingBehind) {
  ExploreOptions options;
  options.keep_going = true;
  options.quiet = true;
  options.schedules = 2000;  // Pools fill, a sanitizer's quarantine too.
  static_cast<void>(Explore(LeakyPool, options));
  const std::uint64_t before = ResidentBytes();
  options.schedules = Schedules();
  options.seed = 2;
  const ExploreResult result = Explore(LeakyPool, options);
  EXPECT_EQ(result.schedules, options.schedules);
  EXPECT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.abandoned, 0u);
  const std::uint64_t after = ResidentBytes();
  // ASan's quarantine alone may grow to 256 MB.
  EXPECT_LT(after, before + (std::uint64_t{320} << 20));
  RecordProperty("grown_kilobytes", static_cast<int>((static_cast<std::int64_t>(after) -
                                                      static_cast<std::int64_t>(before)) /
                                                     1024));
  std::printf("%llu schedules, grown by %lld KiB\n",
              static_cast<unsigned long long>(result.schedules),
              (static_cast<long long>(after) - static_cast<long long>(before)) / 1024);
}

}  // namespace
