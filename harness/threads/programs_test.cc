// What taskleak says of small programs that know nothing of it, linked, linked statically, and
// preloaded: one table. Of
// each program its first line says what it does; its name ends with what is expected of it.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <tuple>
#include <vector>

#include "harness/threads/run_program.h"

namespace taskleak::internal {
namespace {

struct Expected {
  const char* program;
  int exit_code;
  int proven;  // Threads; all three 0: not a word.
  int suspect;
  int idle;
  const char* operation = "";  // Named in the report.
  // A hole: the heap of a static program begins with what is no block of malloc's (its thread-local
  // storage), so blocks are guessed to be 512 bytes long, and a neighbour counts as led to.
  bool idle_statically = false;
};

constexpr int kAborted = 128 + SIGABRT;
constexpr int kTerminated = 128 + SIGTERM;

// 90: it would have exited with 0, and a thread is still blocked without a time limit.
constexpr Expected kTable[] = {
    {"accept_suspect", 90, 0, 1, 0, "accept"},
    {"async_clean", 0, 0, 0, 0},
    {"async_leaky", 90, 1, 0, 0, "cond wait"},
    {"atomic_wait_clean", 0, 0, 0, 0},
    {"atomic_wait_leaky", 90, 1, 0, 0, "futex wait"},
    {"barrier_leaky", 90, 1, 0, 0, "barrier wait"},
    {"beside_a_string_leaky", 90, 1, 0, 0, "cond wait", true},
    {"beside_a_ticker_suspect", 90, 0, 1, 0, "futex wait"},
    {"call_once_pool_idle", 0, 0, 0, 1, "cond wait"},
    {"cond_wait_clean", 0, 0, 0, 0},
    {"cond_wait_leaky", 90, 1, 0, 0, "cond wait"},
    {"ends_anyhow_clean", 0, 0, 0, 0},
    {"epoll_suspect", 90, 0, 1, 0, "epoll wait"},
    {"exit_code_stays_leaky", 3, 1, 0, 0, "futex wait"},
    {"exits_elsewhere_suspect", 90, 0, 1, 0, "futex wait"},
    {"fork_child_leaks_clean", 0, 0, 0, 0},
    {"fork_clean", 0, 0, 0, 0},
    {"fork_joins_clean", 0, 0, 0, 0},
    {"fork_static_cond_hangs", 90, 1, 0, 1, "cond wait"},
    {"future_clean", 0, 0, 0, 0},
    {"future_leaky", 90, 1, 0, 0, "futex wait"},
    {"heap_pool_leaky", 90, 2, 0, 0, "cond wait"},
    {"inherits_a_name_leaky", 90, 1, 0, 0, "futex wait"},
    {"join_hangs", 90, 2, 0, 0, "thread join"},
    {"join_leaky", 90, 2, 0, 0, "thread join"},
    {"joinable_leaky", 90, 1, 0, 0, "cond wait"},
    {"jthread_clean", 0, 0, 0, 0},
    {"jthread_hangs", 90, 2, 0, 0, "thread join"},
    {"latch_leaky", 90, 1, 0, 0, "futex wait"},
    {"leaked_singleton_idle", 0, 0, 0, 3, "cond wait"},
    {"mutex_order_clean", 0, 0, 0, 0},
    {"mutex_order_leaky", 90, 2, 0, 0, "mutex lock"},
    {"no_threads_clean", 0, 0, 0, 0},
    {"peer_pipe_clean", 0, 0, 0, 0},
    {"pipe_suspect", 90, 0, 1, 0, "read"},
    {"poll_suspect", 90, 0, 1, 0, "poll"},
    {"rwlock_leaky", 90, 2, 0, 0, "rwlock wrlock"},
    {"self_lock_leaky", 90, 1, 0, 0, "mutex lock"},
    {"semaphore_clean", 0, 0, 0, 0},
    {"semaphore_leaky", 90, 1, 0, 0, "semaphore wait"},
    {"shared_lock_clean", 0, 0, 0, 0},
    {"shared_lock_leaky", 90, 1, 0, 0, "rwlock rdlock"},
    {"shared_semaphore_clean", 0, 0, 0, 0},
    {"shared_semaphore_suspect", 90, 0, 1, 0, "semaphore wait"},
    {"signal_clean", 0, 0, 0, 0},
    {"signal_suspect", 90, 0, 1, 0, "semaphore wait"},
    {"spins_unseen", 0, 0, 0, 0},
    {"static_cond_hangs", 90, 1, 0, 1, "cond wait"},
    {"static_constructor_leaky", 90, 1, 0, 0, "cond wait"},
    {"static_pool_clean", 0, 0, 0, 0},
    {"terminates_leaky", kAborted, 1, 0, 0, "futex wait"},
    {"terminated_suspect", kTerminated, 0, 1, 0, "futex wait"},
    {"ticker_clean", 0, 0, 0, 0},
    {"timer_clean", 0, 0, 0, 0},
    {"two_hops_idle", 0, 0, 0, 1, "cond wait"},
    {"underscore_exit_unseen", 0, 0, 0, 0},
};

// How taskleak comes into a program.
enum class Way { kLinked, kStatic, kPreloaded };

std::vector<Way> Ways() {
#if defined(TASKLEAK_STATIC_PROGRAMS)
  return {Way::kLinked, Way::kStatic, Way::kPreloaded};
#else
  return {Way::kLinked, Way::kPreloaded};
#endif
}

std::string Suffix(Way way) {
  return way == Way::kLinked ? "_linked" : way == Way::kStatic ? "_static" : "";
}

class ProgramsTest : public testing::TestWithParam<std::tuple<Expected, Way>> {};

TEST_P(ProgramsTest, IsJudgedAsTheTableSays) {
  const auto& [expected, way] = GetParam();
  const std::string program = expected.program + Suffix(way);
  // Of joins in the child of a fork, and of a thread that it did not see being created.
  if (kWithTsan && (program.rfind("fork_", 0) == 0 || program.rfind("timer_", 0) == 0))
    GTEST_SKIP() << "ThreadSanitizer dies of it";
  const Outcome run =
      RunProgram({std::string(TASKLEAK_PROGRAMS) + "/" + program}, way == Way::kPreloaded);
  if (way == Way::kStatic && expected.idle_statically) {
    EXPECT_EQ(run.exit_code, 0) << run.error_output;
    EXPECT_NE(run.error_output.find("1 idle)"), std::string::npos) << run.error_output;
    return;
  }
  EXPECT_EQ(run.exit_code, expected.exit_code) << run.error_output;
  if (expected.proven + expected.suspect + expected.idle == 0) {
    EXPECT_EQ(run.error_output, "");
    return;
  }
  const std::string counts = std::to_string(expected.proven) + " proven, " +
                             std::to_string(expected.suspect) + " suspect, " +
                             std::to_string(expected.idle) + " idle)";
  EXPECT_NE(run.error_output.find(counts), std::string::npos) << run.error_output;
  EXPECT_NE(run.error_output.find(std::string("blocked in ") + expected.operation),
            std::string::npos)
      << run.error_output;
  // Both stacks lead into the program.
  const std::string frame = program + "+0x";
  const std::size_t started = run.error_output.find("started by thread");
  ASSERT_NE(started, std::string::npos) << run.error_output;
  EXPECT_NE(run.error_output.find(frame, started), std::string::npos) << run.error_output;
  EXPECT_LT(run.error_output.find(frame), started) << run.error_output;
  EXPECT_EQ(run.json.rfind("{\"schema\":\"taskleak.process\",\"version\":1", 0), 0u) << run.json;
}

INSTANTIATE_TEST_SUITE_P(Table, ProgramsTest,
                         testing::Combine(testing::ValuesIn(kTable), testing::ValuesIn(Ways())),
                         [](const auto& info) {
                           const Way way = std::get<1>(info.param);
                           return std::get<0>(info.param).program + (way == Way::kPreloaded
                                                                         ? std::string("_preloaded")
                                                                         : Suffix(way));
                         });

}  // namespace
}  // namespace taskleak::internal
