// What feedback is worth: a body that fails under four decisions only, each one of many.
//
// Compiled without libFuzzer's instrumentation (see cmake/TaskleakTests.cmake), so that the extra
// counters are all that a search has to go by:
//   harness_tests --fuzz=Feedback.DISABLED_FourDecisions [--fuzz_feedback=off] -- -seed=N
#include <gtest/gtest.h>

#include "fuzz/coverage.h"
#include "fuzz/mutate.h"
#include "harness/explore/fuzz_session.h"
#include "taskleak/fuzz_test.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

// A type of this file's own, so that no other file's instrumented code serves for it.
struct Sender {
  int number;
};

// In each of four rounds four tasks send, and the one that comes first must be a certain one, or
// the body ends. Canonically it is the first.
void FourDecisions() {
  constexpr int kRounds = 4;
  constexpr int kSenders = 4;
  constexpr int kFirst[kRounds] = {2, 3, 1, 2};
  const auto passed = MakeChan<Sender>(kRounds);
  for (const int first : kFirst) {
    const auto sent = MakeChan<Sender>(kSenders);
    for (int i = 0; i < kSenders; ++i) Go([sent, i] { sent.Send({i}); });
    if (sent.Recv()->number != first) return;
    passed.Send({first});
  }
  Go("stays", [] { MakeChan<Sender>().Recv(); });
}

TASKLEAK_FUZZ_TEST(Feedback, DISABLED_FourDecisions) { FourDecisions(); }

// How many schedules a search by mutation needs, when it goes on from those that did something new;
// or from the canonical one only, which is what a search without feedback has.
std::uint64_t SchedulesUntilFound(std::uint64_t seed, bool feedback, std::uint64_t most) {
  std::vector<std::uint8_t> counters(internal::kCoverageCounters);
  std::vector<std::uint8_t> seen(internal::kCoverageCounters);
  internal::FuzzSession session(FourDecisions, {.quiet = true}, counters);
  internal::Chance dice(seed);
  std::vector<Schedule> corpus = {Schedule()};
  session.RunSchedule(corpus.front());
  while (session.runs() < most) {
    Schedule next = dice.OneIn(2) ? corpus.back() : corpus[dice.Below(corpus.size())];
    do {  // As libFuzzer does: several mutations in a row.
      next = internal::Mutate(next, session.decisions(), dice);
    } while (!feedback && dice.OneIn(2));
    if (!session.RunSchedule(next)) return session.runs();
    bool is_new = false;
    for (std::size_t i = 0; i < counters.size(); ++i) {
      const std::uint8_t bucket = internal::Bucket(counters[i]);
      if (bucket > seen[i]) {
        seen[i] = bucket;
        is_new = true;
      }
      counters[i] = 0;
    }
    if (feedback && is_new) corpus.push_back(session.schedule());
  }
  return most;
}

// Property: within the same number of schedules a search finds it with feedback, from nearly every
// seed, and without from none.
TEST(Feedback, FindsWhatASearchWithoutItDoesNot) {
  constexpr std::uint64_t kMost = 15'000;
  int with = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    with += SchedulesUntilFound(seed, true, kMost) < kMost ? 1 : 0;
  EXPECT_GE(with, 4);
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    EXPECT_EQ(SchedulesUntilFound(seed, false, kMost), kMost) << "seed " << seed;
}

}  // namespace
