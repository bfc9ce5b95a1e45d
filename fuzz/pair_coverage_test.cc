// Pairs of consecutive operations on one object, by what they are and where.
#include "fuzz/pair_coverage.h"

#include <gtest/gtest.h>

#include <functional>

#include "fuzz/replay.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::PairCoverage;
using taskleak::internal::ReplayDecider;
using taskleak::internal::Simulator;

std::size_t PairsOf(const std::function<void()>& body, int runs = 1) {
  Simulator simulator;
  PairCoverage coverage;
  ReplayDecider canonical{Schedule()};
  for (int i = 0; i < runs; ++i) {
    coverage.Begin();
    canonical.Begin();
    simulator.Run(body, canonical, {}, &coverage);
  }
  return coverage.pairs();
}

TEST(PairCoverage, CountsWhatFollowsOnOneObject) {
  const auto body = [] {
    const auto channel = MakeChan<int>(4);
    channel.Send(1);
    channel.Recv();   // Send, receive.
    channel.Close();  // Receive, close.
  };
  EXPECT_EQ(PairsOf(body), 2u);
  EXPECT_EQ(PairsOf(body, 5), 2u) << "the same in each run";
  EXPECT_EQ(PairsOf([] { MakeChan<int>(1).Send(1); }), 0u);
}

TEST(PairCoverage, TellsSitesApartAndNotObjects) {
  const auto use = [](const Chan<int>& channel) {
    channel.Send(1);
    channel.Recv();
  };
  EXPECT_EQ(PairsOf([use] {
              for (int i = 0; i < 5; ++i) use(MakeChan<int>(1));
            }),
            1u);
  EXPECT_EQ(PairsOf([] {
              const auto channel = MakeChan<int>(2);
              channel.Send(1);
              channel.Send(2);
              channel.Recv();
              channel.Recv();
            }),
            3u);
}

TEST(PairCoverage, OfASelectTheCaseThatItTook) {
  EXPECT_EQ(PairsOf([] {
              const auto taken = MakeChan<int>(1);
              const auto other = MakeChan<int>();
              taken.Send(1);
              Select(OnRecv(taken), OnRecv(other));
              taken.Close();
              other.Close();
            }),
            2u);
}

TEST(PairCoverage, TwoObjectsDoNotFollowEachOther) {
  EXPECT_EQ(PairsOf([] {
              const auto one = MakeChan<int>(1);
              const auto two = MakeChan<int>(1);
              one.Send(1);
              two.Send(1);
            }),
            0u);
}

}  // namespace
