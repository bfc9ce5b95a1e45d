// PCT finds a bug of depth d at the rate that it guarantees, starves a task, and says which of its
// runs its guarantee holds for.
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "fuzz/strategies/testing.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FaultKinds;
using taskleak::internal::PctRuns;
using taskleak::internal::Search;

constexpr FaultKinds kOrderOnly{.early_return = false,
                                .cancel = false,
                                .close = false,
                                .early_timers = false,
                                .holds = false,
                                .data = false};

// The last of ten tasks to be started must come before all others: a random walk gets there in one
// of some thousand schedules, priorities in one of ten.
TEST(PctStrategy, FindsABugOfDepthOneInOneOfNSchedules) {
  const auto body = [] {
    const auto first = std::make_shared<int>(-1);
    const auto lost = MakeChan<int>();
    for (int i = 0; i < 10; ++i) {
      Go([=] {
        for (int n = 0; n < 20; ++n) PreemptionPoint();
        if (*first < 0) *first = i;
        if (i == 9 && *first == 9) lost.Recv();
      });
    }
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_NE(Search(Strategy::kPct, seed, kOrderOnly).FirstFailure(150, body), 0u)
        << "seed " << seed;
}

// One change, between two operations of the one task in a run of some 200 points.
TEST(PctStrategy, FindsABugOfDepthTwo) {
  const auto leaky = [](bool fixed) {
    return [fixed] {
      const auto value = std::make_shared<int>(0);
      const auto lost = MakeChan<int>();
      Go([=] {
        for (int n = 0; n < 100; ++n) PreemptionPoint();
        *value = 1;
        PreemptionPoint();  // Nobody is to look between these two.
        *value = 2;
      });
      Go([=] {
        for (int n = 0; n < 100; ++n) PreemptionPoint();
        if (*value == 1 && !fixed) lost.Recv();
      });
    };
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_NE(Search(Strategy::kPct, seed, kOrderOnly).FirstFailure(5000, leaky(false)), 0u)
        << "seed " << seed;
    EXPECT_EQ(Search(Strategy::kPct, seed, kOrderOnly).FirstFailure(200, leaky(true)), 0u);
  }
}

// A worker yields and sleeps, and yet falls behind at one point only: behind the clock it starves
// while the deadline passes.
TEST(PctStrategy, StarvesATaskBehindTheClock) {
  const auto body = [](bool fixed) {
    return [fixed] {
      const auto reply = MakeChan<int>(fixed ? 1 : 0);
      Go([reply] {
        for (int n = 0; n < 5; ++n) {
          Yield();
          Sleep(1ms);
        }
        reply.Send(1);
      });
      Select(OnRecv(reply), OnAfter(10ms));
    };
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_NE(Search(Strategy::kPct, seed).FirstFailure(200, body(false)), 0u) << "seed " << seed;
    EXPECT_EQ(Search(Strategy::kPct, seed).FirstFailure(200, body(true)), 0u) << "seed " << seed;
  }
}

TEST(PctStrategy, CountsItsUndisturbedRunsByDepth) {
  Search search(Strategy::kPct, 1);
  search.Hashes(2000, internal::ThreeTasks);
  const PctRuns runs = search.driver().pct_runs();
  EXPECT_EQ(runs.tasks, 4u);
  // At most the three starts, and what the tasks do; a point is one only where there is a choice.
  EXPECT_GE(runs.points, 4u);
  EXPECT_LE(runs.points, 16u);
  // One schedule in eight, and of these one in five of each depth.
  for (const std::uint64_t of_depth : runs.runs) {
    EXPECT_GT(of_depth, 25u);
    EXPECT_LT(of_depth, 100u);
  }
}

// The guarantee does not hold for a run in which a spinning task had to be passed by.
TEST(PctStrategy, DoesNotCountARunInWhichItHelped) {
  const auto body = [] {
    const auto done = std::make_shared<Atomic<bool>>(false);
    for (int i = 0; i < 2; ++i) {
      Go([done] {
        while (!done->load()) Yield();
      });
    }
    Go([done] { done->store(true); });
  };
  Search search(Strategy::kPct, 1);
  search.Hashes(500, body);
  const PctRuns runs = search.driver().pct_runs();
  Search other(Strategy::kPct, 1);
  other.Hashes(500, internal::ThreeTasks);
  EXPECT_LT(runs.runs[0], other.driver().pct_runs().runs[0]);
}

// An undisturbed run fires no timer early, takes no fault, and gives what is canonical.
TEST(PctStrategy, TheFirstRunIsUndisturbed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Search search(Strategy::kPct, seed);
    search.Next(internal::Everything);
    for (const internal::LoggedException& exception : search.simulator().log())
      EXPECT_TRUE(exception.kind == internal::LoggedException::Kind::kTask ||
                  exception.kind == internal::LoggedException::Kind::kTimer)
          << static_cast<int>(exception.kind);
  }
}

// The hole: five changes in one run are beyond the greatest depth that it draws.
TEST(PctStrategy, DoesNotFindWhatNeedsManyChanges) {
  const auto body = [] {
    const auto turns = std::make_shared<std::vector<int>>();
    const auto lost = MakeChan<int>();
    for (int i = 0; i < 2; ++i) {
      Go([=] {
        for (int n = 0; n < 15; ++n) {
          PreemptionPoint();
          turns->push_back(i);
        }
        if (turns->size() < 30) return;
        for (std::size_t n = 1; n < turns->size(); ++n)
          if ((*turns)[n] == (*turns)[n - 1]) return;
        lost.Recv();  // They alternated all the time.
      });
    }
  };
  EXPECT_EQ(Search(Strategy::kPct, 1, kOrderOnly).FirstFailure(3000, body), 0u);
}

}  // namespace
