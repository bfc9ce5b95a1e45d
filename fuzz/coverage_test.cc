#include "fuzz/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "fuzz/replay.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using namespace taskleak::internal;

using Counters = std::vector<std::uint8_t>;

Counters CountersOf(const std::function<void()>& body, const taskleak::Schedule& schedule = {}) {
  Counters counters(kCoverageCounters);
  Coverage coverage(counters);
  Simulator simulator;
  ReplayDecider replay(schedule);
  replay.Begin();
  coverage.Begin();
  simulator.Run(body, replay, {}, &coverage);
  coverage.End();
  return counters;
}

std::size_t Features(const Counters& counters) {
  return counters.size() -
         static_cast<std::size_t>(std::count(counters.begin(), counters.end(), 0));
}

// A pair in which one thing differs, for each signal.
void Fill(std::size_t capacity, int sends, bool close) {
  const auto ch = MakeChan<int>(capacity);
  for (int i = 0; i < sends; ++i) ch.Send(i);
  if (close) ch.Close();
}

TEST(Coverage, IsTheSameForTheSameRun) {
  const auto body = [] { Fill(3, 2, true); };
  const Counters once = CountersOf(body);
  EXPECT_GT(Features(once), 3u);
  EXPECT_EQ(CountersOf(body), once);
}

TEST(Coverage, TellsWhetherAChannelWasClosed) {
  EXPECT_NE(CountersOf([] { Fill(3, 1, false); }), CountersOf([] { Fill(3, 1, true); }));
}

TEST(Coverage, TellsHowFullAChannelWas) {
  const auto different = [](const Counters& a, const Counters& b) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += (a[i] == 0) != (b[i] == 0) ? 1 : 0;
    return count;
  };
  // The pairs of sends are those of the first; that it was full is new, and that it was half full
  // is missing.
  EXPECT_EQ(different(CountersOf([] { Fill(100, 50, false); }),
                      CountersOf([] { Fill(100, 100, false); })),
            2u);
}

TEST(Coverage, TellsInWhichOrderAChannelWasUsed) {
  const auto body = [](bool receive_first) {
    const auto ch = MakeChan<int>(2);
    ch.Send(1);
    if (receive_first) static_cast<void>(ch.TryRecv());
    static_cast<void>(ch.Len());
    if (!receive_first) static_cast<void>(ch.TryRecv());
  };
  EXPECT_NE(CountersOf([&] { body(true); }), CountersOf([&] { body(false); }));
}

TEST(Coverage, TellsWhereATaskIsBlockedWhenRootReturns) {
  const auto body = [](int waits) {
    const auto a = MakeChan<int>();
    const auto b = MakeChan<int>();
    Go([a, b, waits] {
      if (waits == 1) {
        static_cast<void>(a.Recv());
      } else {
        static_cast<void>(b.Recv());
      }
    });
    Yield();
  };
  EXPECT_NE(CountersOf([&] { body(1); }), CountersOf([&] { body(2); }));
}

TEST(Coverage, CountersDoNotWrapAround) {
  const Counters counters = CountersOf([] {
    const auto ch = MakeChan<int>(1);
    for (int i = 0; i < 1000; ++i) {
      ch.Send(i);
      static_cast<void>(ch.Recv());
    }
  });
  EXPECT_EQ(*std::max_element(counters.begin(), counters.end()), 255);
}

TEST(Coverage, ARunStartsAnew) {
  Counters counters(kCoverageCounters);
  Coverage coverage(counters);
  Simulator simulator;
  ReplayDecider replay{taskleak::Schedule()};
  const auto run = [&] {
    std::fill(counters.begin(), counters.end(), 0);
    replay.Begin();
    coverage.Begin();
    simulator.Run([] { Fill(3, 2, true); }, replay, {}, &coverage);
    coverage.End();
    return counters;
  };
  const Counters first = run();
  EXPECT_EQ(run(), first);
}

// Known answers: counters are the same in every process, build and checkout, or a corpus that was
// minimized by them would not be minimal elsewhere.
TEST(Coverage, IsTheSameInEveryBuild) {
  Counters counters(1 << 12);
  Coverage coverage(counters);
  Simulator simulator;
  ReplayDecider replay{taskleak::Schedule()};
  replay.Begin();
  coverage.Begin();
  simulator.Run(
      [] {
        const Site site{"/somewhere/else/body.cc", 7};
        const auto ch = MakeChan<int>(2, site);
        ch.Send(1, site);
        ch.Send(2, site);
        ch.Close(site);
      },
      replay, {}, &coverage);
  coverage.End();
  std::vector<std::size_t> set;
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (counters[i] != 0) set.push_back(i);
  EXPECT_EQ(set, (std::vector<std::size_t>{385, 495, 1383, 2079, 3913}));
}

TEST(Bucket, GrowsWithTheCount) {
  std::set<int> buckets;
  int last = 0;
  for (int count = 0; count < 256; ++count) {
    const int bucket = Bucket(static_cast<std::uint8_t>(count));
    EXPECT_GE(bucket, last);
    last = bucket;
    buckets.insert(bucket);
  }
  EXPECT_EQ(buckets.size(), 9u);
}

}  // namespace
