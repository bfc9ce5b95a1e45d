// A failure's schedule, replayed, is the same failure: by Replay, and by TASKLEAK_REPLAY in the
// environment.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/gtest/assertions.h"
#include "taskleak/error.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::AssertionTrap;

// ---- Bodies that fail, each in its own way.

void PoolLeaks() {
  auto [ctx, cancel] = WithTimeout(Background(), 3s);
  const auto jobs = MakeChan<int>(10);
  const auto results = MakeChan<int>();
  const auto workers = std::make_shared<WaitGroup>();
  for (int i = 1; i <= 3; ++i) {
    workers->Go("worker-" + std::to_string(i), [=, ctx = ctx] {
      std::optional<int> job;
      while (Select(OnRecv(jobs, job), OnRecv(ctx.Done())) == 0 && job.has_value()) {
        Sleep(500ms);
        results.Send(*job);
      }
    });
  }
  for (int job = 0; job < 10; ++job) jobs.Send(job);
  jobs.Close();
  Go("closer", [=] {
    workers->Wait();
    results.Close();
  });
  for (int result : results) {
    static_cast<void>(result);
    if (EarlyReturn("first error")) break;
  }
  cancel();
}

void Deadlocks() {
  Mutex a;
  Mutex b;
  WaitGroup both;
  both.Go("ab", [&] {
    const std::lock_guard first(a);
    const std::lock_guard second(b);
  });
  both.Go("ba", [&] {
    const std::lock_guard first(b);
    const std::lock_guard second(a);
  });
  both.Wait();
}

void Panics() {
  const auto ch = MakeChan<std::int64_t>(4);
  MayClose(ch);
  Go("sender", [ch] {
    for (int i = 0; i < 3; ++i) ch.Send(FuzzInt(-5, 1000));
  });
}

void Throws() {
  Go("thrower", [] {
    if (FuzzInt(0, 100) > 36) throw std::runtime_error("too much");
  });
}

void Asserts() {
  Go("checks", [] { EXPECT_LT(FuzzInt(0, 100), 37); });
}

void Spins() {
  if (!EarlyReturn("spin")) return;
  Go("spins", [] {
    for (;;) Yield();
  });
}

void NeverEnds() {
  const auto ch = MakeChan<int>();
  Go("ping", [ch] {
    for (;;) ch.Send(1);
  });
  for (;;) static_cast<void>(ch.Recv());
}

struct NamedBody {
  const char* name;
  void (*body)();
  FailureKind kind;
  std::uint64_t max_steps = 100'000;
  friend std::ostream& operator<<(std::ostream& out, const NamedBody& body) {
    return out << body.name;
  }
};

constexpr NamedBody kBodies[] = {{"PoolLeaks", PoolLeaks, FailureKind::kLeak},
                                 {"Deadlocks", Deadlocks, FailureKind::kDeadlock},
                                 {"Panics", Panics, FailureKind::kPanic},
                                 {"Throws", Throws, FailureKind::kException},
                                 {"Asserts", Asserts, FailureKind::kAssertion},
                                 {"Spins", Spins, FailureKind::kLeak, 3000},
                                 {"NeverEnds", NeverEnds, FailureKind::kStepLimit, 3000}};

class RoundTripTest : public testing::TestWithParam<NamedBody> {
 protected:
  static ExploreOptions Options(std::uint64_t seed = 1) {
    ExploreOptions options;
    options.seed = seed;
    options.max_steps = GetParam().max_steps;
    options.quiet = true;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Bodies, RoundTripTest, testing::ValuesIn(kBodies),
                         [](const auto& info) { return std::string(info.param.name); });

// Property: whatever seed found it, the schedule of a failure replays to the same report, byte for
// byte, but for the four facts that are the search's own: after how many schedules of how many, and
// what shrinking did.
TEST_P(RoundTripTest, TheScheduleGivesTheSameReport) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    AssertionTrap trap;
    const ExploreResult found = Explore(GetParam().body, Options(seed));
    ASSERT_TRUE(found.failure.has_value());
    ASSERT_EQ(found.failure->kind, GetParam().kind) << found.failure->Text();
    // By way of the token, without the limits that it carries.
    ExploreOptions options;
    options.quiet = true;
    const Schedule schedule = Schedule::FromToken(found.failure->schedule.Token());
    ExploreResult again = Replay(GetParam().body, schedule, options);
    ASSERT_TRUE(again.failure.has_value());
    EXPECT_EQ(again.failure->Text(), Replay(GetParam().body, schedule, options).failure->Text());
    EXPECT_EQ(again.trace_hash, found.failure->trace.hash);
    EXPECT_EQ(again.failure->schedule, found.failure->schedule);
    again.failure->found_after = found.failure->found_after;
    again.failure->out_of = found.failure->out_of;
    again.failure->minimal = found.failure->minimal;
    again.failure->entries_before_shrinking = found.failure->entries_before_shrinking;
    EXPECT_EQ(again.failure->Text(), found.failure->Text());
    EXPECT_EQ(again.failure->Summary(), found.failure->Summary());
    trap.Clear();
    if (HasFailure()) return;
  }
}

TEST(ReplayOfASchedule, ThatDoesNotFailHasNoFailure) {
  ExploreOptions options;
  options.quiet = true;
  const ExploreResult result = Replay(Throws, Schedule(), options);
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(result.schedules, 1u);
  EXPECT_GT(result.steps, 0u);
}

// ---- By the environment.

std::string Content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ReplayVariableTest : public testing::Test {
 protected:
  ReplayVariableTest() {
    std::string dir = testing::TempDir() + "taskleak-XXXXXX";
    if (mkdtemp(dir.data()) == nullptr) throw std::runtime_error("no temporary folder");
    dir_ = dir;
    setenv("TASKLEAK_REPORT_DIR", dir_.c_str(), 1);
  }
  ~ReplayVariableTest() override {
    unsetenv("TASKLEAK_REPLAY");
    unsetenv("TASKLEAK_REPORT_DIR");
    std::filesystem::remove_all(dir_);
  }
  // The report of a search or replay, and what it wrote to standard error.
  ExploreResult ExploreAloud(const Body& body, std::string* written) {
    testing::internal::CaptureStderr();
    ExploreResult result = Explore(body);
    *written = testing::internal::GetCapturedStderr();
    return result;
  }
  std::string FileOf(const std::string& test, const std::string& extension) const {
    return (dir_ / ("ReplayVariableTest." + test + extension)).string();
  }

  std::filesystem::path dir_;
};

TEST_F(ReplayVariableTest, ReplaysInAnyTestWithoutEditingIt) {
  std::string written;
  const ExploreResult found = ExploreAloud(PoolLeaks, &written);
  ASSERT_TRUE(found.failure.has_value());
  setenv("TASKLEAK_REPLAY", found.failure->schedule.Token().c_str(), 1);
  const ExploreResult again = ExploreAloud(PoolLeaks, &written);
  EXPECT_EQ(again.schedules, 1u);
  ASSERT_TRUE(again.failure.has_value());
  EXPECT_EQ(again.failure->trace.hash, found.failure->trace.hash);
  EXPECT_EQ(again.failure->Summary(), found.failure->Summary());
  EXPECT_NE(written.find(again.failure->Text()), std::string::npos) << written;
  unsetenv("TASKLEAK_REPLAY");
  EXPECT_GE(Explore([] {}).schedules, 10'000u) << "and explores again without it";
}

TEST_F(ReplayVariableTest, PrintsHowToReplayAndWritesTheTokenToAFile) {
  std::string written;
  const ExploreResult found = ExploreAloud(PoolLeaks, &written);
  ASSERT_TRUE(found.failure.has_value());
  const std::string token = found.failure->schedule.Token();
  const std::string line = found.failure->replay_line;
  EXPECT_TRUE(line.starts_with("TASKLEAK_REPLAY=" + token + " ")) << line;
  EXPECT_TRUE(line.ends_with(
      " --gtest_filter=ReplayVariableTest.PrintsHowToReplayAndWritesTheTokenToAFile"))
      << line;
  EXPECT_NE(written.find("replay: " + line + "\n"), std::string::npos) << written;
  const std::string token_file = FileOf("PrintsHowToReplayAndWritesTheTokenToAFile", ".token");
  EXPECT_NE(written.find(token_file), std::string::npos) << "it says where: " << written;
  EXPECT_EQ(Content(token_file), line + "\n");
  EXPECT_EQ(Content(FileOf("PrintsHowToReplayAndWritesTheTokenToAFile", ".txt")),
            found.failure->Text());
  // First in one line what was found, then, after shrinking, the report.
  const std::size_t first = written.find("taskleak: leak in schedule");
  ASSERT_NE(first, std::string::npos) << written;
  EXPECT_LT(first, written.find("ERROR: taskleak:"));
}

TEST_F(ReplayVariableTest, TheTokenIsWrittenBeforeAnythingIsUnwound) {
  std::vector<std::string> at_unwinding;
  std::string written;
  const ExploreResult found = ExploreAloud(
      [&] {
        struct Guard {
          const std::function<void()> f;
          ~Guard() { f(); }
        };
        Go("stuck", [&] {
          const Guard guard{[&] {
            at_unwinding.push_back(
                Content(FileOf("TheTokenIsWrittenBeforeAnythingIsUnwound", ".token")));
          }};
          Select();
        });
      },
      &written);
  ASSERT_TRUE(found.failure.has_value());
  ASSERT_FALSE(at_unwinding.empty());
  const std::string& first = at_unwinding.front();
  EXPECT_TRUE(first.starts_with("TASKLEAK_REPLAY=t1."))
      << "already there when the first destructor ran: " << first;
}

TEST_F(ReplayVariableTest, ABadTokenIsRefused) {
  int runs = 0;
  for (const char* token : {"t1.AAAA", "t2.AAAAAAAAAAA", "garbage", "t1.%%%%"}) {
    setenv("TASKLEAK_REPLAY", token, 1);
    EXPECT_THROW(static_cast<void>(Explore([&runs] { ++runs; })), UsageError) << token;
  }
  EXPECT_EQ(runs, 0);
}

TEST_F(ReplayVariableTest, TheTokenCarriesTheLimits) {
  ExploreOptions options;
  options.max_steps = 3000;
  options.faults = kAllFaults & ~kHolds;
  options.quiet = true;
  const ExploreResult found = Explore(Spins, options);
  ASSERT_TRUE(found.failure.has_value());
  EXPECT_EQ(found.failure->schedule.max_steps, 3000u);
  setenv("TASKLEAK_REPLAY", found.failure->schedule.Token().c_str(), 1);
  std::string written;
  const ExploreResult again = ExploreAloud(Spins, &written);
  ASSERT_TRUE(again.failure.has_value());
  EXPECT_EQ(again.failure->schedule.max_steps, 3000u);
  EXPECT_EQ(again.failure->schedule.faults, kAllFaults & ~kHolds);
  EXPECT_EQ(again.steps, Replay(Spins, found.failure->schedule, options).steps);
}

TEST_F(ReplayVariableTest, AnEmptyOneIsNone) {
  setenv("TASKLEAK_REPLAY", "", 1);
  ExploreOptions options;
  options.schedules = 10;
  EXPECT_EQ(Explore([] {}, options).schedules, 10u);
}

// In a process of its own, since it is said once in each.
[[noreturn]] void FindWithoutAFolder() {
  setenv("TASKLEAK_REPORT_DIR", "/proc/none/such", 1);
  const bool found = Explore(PoolLeaks).failure.has_value();
  std::fprintf(stderr, "found %d\n", found ? 1 : 0);
  std::_Exit(0);
}

using ReplayVariableDeathTest = ReplayVariableTest;

TEST_F(ReplayVariableDeathTest, AFolderThatCannotBeWrittenIsSaidInASentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(FindWithoutAFolder(), testing::ExitedWithCode(0),
              "cannot write /proc/none/such/.* Set TASKLEAK_REPORT_DIR(.|\n)*"
              "ERROR: taskleak: (.|\n)*SUMMARY: taskleak: (.|\n)*found 1");
}

TEST_F(ReplayVariableTest, NamesAreMadeFitForFiles) {
  testing::internal::CaptureStderr();
  ExploreOptions options;
  options.name = "article/worker pool";
  static_cast<void>(Explore(PoolLeaks, options));
  testing::internal::GetCapturedStderr();
  EXPECT_TRUE(std::filesystem::exists(dir_ / "article.worker.pool.token"));
}

}  // namespace
