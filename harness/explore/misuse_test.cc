// Wrong use is answered in a sentence: by a UsageError, or, where nothing can go on, by exit
// code 2.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "taskleak/error.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using testing::ExitedWithCode;

ExploreOptions Quiet(std::uint64_t schedules = 20) {
  ExploreOptions options;
  options.schedules = schedules;
  options.quiet = true;
  return options;
}

// What Explore throws; "" if it returns.
std::string Refusal(const std::function<void()>& body) {
  try {
    static_cast<void>(Explore(body, Quiet()));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

void ExpectUsable() {
  const ExploreResult result = Explore([] { Go([] {}); }, Quiet());
  EXPECT_FALSE(result.failure.has_value());
  EXPECT_EQ(result.schedules, 20u);
}

// NOLINTBEGIN(bugprone-empty-catch): bodies that swallow what they should not are what is tested.
TEST(NestedExplore, IsRefused) {
  const std::string why = Refusal([] { static_cast<void>(Explore([] {}, Quiet())); });
  EXPECT_NE(why.find("Explore was called inside a run"), std::string::npos) << why;
  ExpectUsable();
}

TEST(NestedExplore, IsRefusedEvenIfTheBodySwallowsTheException) {
  const std::string why = Refusal([] {
    try {
      static_cast<void>(Explore([] {}, Quiet()));
    } catch (...) {
    }
  });
  EXPECT_NE(why.find("Explore was called inside a run"), std::string::npos) << why;
  const std::string of_task = Refusal([] {
    Go([] {
      try {
        static_cast<void>(Replay([] {}, Schedule(), Quiet()));
      } catch (const std::exception&) {
      }
      Yield();
    });
    Sleep(1s);
  });
  EXPECT_NE(of_task.find("Replay was called inside a run"), std::string::npos) << of_task;
  ExpectUsable();
}

TEST(NestedExplore, IsRefusedEvenIfTheRunThenFails) {
  for (const int how : {0, 1, 2}) {
    const std::string why = Refusal([how] {
      try {
        static_cast<void>(Explore([] {}, Quiet()));
      } catch (...) {
      }
      if (how == 0) throw std::runtime_error("another");
      if (how == 1) Select();
      Go([] { Select(); });
    });
    EXPECT_NE(why.find("Explore was called inside a run"), std::string::npos) << how << ": " << why;
  }
}

TEST(ObjectOfAnotherRun, IsRefused) {
  std::optional<Chan<int>> kept;
  const std::string why = Refusal([&kept] {
    if (!kept.has_value()) kept = MakeChan<int>(1);
    kept->Send(1);
  });
  EXPECT_NE(why.find("earlier run"), std::string::npos) << why;
  EXPECT_NE(why.find("misuse_test.cc"), std::string::npos)
      << "it says where the object was made: " << why;
  ExpectUsable();
}

TEST(ObjectOfAnotherRun, IsRefusedEvenIfTheBodySwallowsTheException) {
  std::optional<std::pair<Context, CancelFunc>> kept;
  const std::string why = Refusal([&kept] {
    if (!kept.has_value()) kept = WithCancel(Background());
    try {
      kept->second();
    } catch (...) {
    }
  });
  EXPECT_NE(why.find("earlier run"), std::string::npos) << why;
}

// One that was made outside every run is native: a schedule would not reach it.
TEST(ObjectMadeOutsideEveryRun, IsRefusedInOne) {
  const auto channel = MakeChan<int>(1);
  const std::string why = Refusal([&channel] { channel.Send(1); });
  EXPECT_NE(why.find("belongs to no run; make it inside the body"), std::string::npos) << why;
  EXPECT_NE(why.find("misuse_test.cc"), std::string::npos) << "it says where: " << why;
  const Timer timer = NewTimer(1h);
  EXPECT_NE(Refusal([&timer] { static_cast<void>(timer.Stop()); }).find("belongs to no run"),
            std::string::npos);
  EXPECT_TRUE(timer.Stop());
  channel.Send(2);
  EXPECT_EQ(channel.Recv(), 2) << "outside it works";
  ExpectUsable();
}

TEST(ObjectOfARun, IsRefusedOutsideEveryRun) {
  Chan<int> kept;
  static_cast<void>(Explore([&kept] { kept = MakeChan<int>(1); }, Quiet(1)));
  EXPECT_THROW(kept.Send(1), UsageError);
  EXPECT_THROW(static_cast<void>(kept.Recv()), UsageError);
  EXPECT_THROW(static_cast<void>(kept.TryRecv()), UsageError);
  EXPECT_THROW(kept.Close(), UsageError);
  EXPECT_THROW(Select(OnRecv(kept)), UsageError);
}

TEST(WhatAScheduleMayDo, IsNothingOutsideARun) {
  EXPECT_FALSE(EarlyReturn("outside"));
  EXPECT_EQ(FuzzInt(3, 9), 3);
  EXPECT_FALSE(FuzzBool());
  PreemptionPoint();
  MayCancel(CancelFunc());
  MayClose(Chan<int>());
}

TEST(ForeignThread, IsRefused) {
  std::string why;
  const ExploreResult result = Explore(
      [&why] {
        const auto ch = MakeChan<int>(1);
        std::thread([&why, ch] {
          try {
            ch.Send(1);
          } catch (const UsageError& error) {
            why = error.what();
          }
        }).join();
        EXPECT_EQ(ch.Len(), 0u) << "it did nothing";
      },
      Quiet(3));
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
  EXPECT_NE(why.find("this thread is not one of its tasks"), std::string::npos) << why;
  EXPECT_NE(why.find("taskleak::Go"), std::string::npos) << "it says what to do instead: " << why;
}

TEST(ForeignThread, MayExploreInItsTurn) {
  // One simulation at a time in a process: the second waits.
  std::uint64_t schedules = 0;
  std::thread other([&schedules] { schedules = Explore([] { Yield(); }, Quiet(50)).schedules; });
  EXPECT_EQ(Explore([] { Yield(); }, Quiet(50)).schedules, 50u);
  other.join();
  EXPECT_EQ(schedules, 50u);
}

// ---- Where nothing can go on.

class MisuseDeathTest : public testing::Test {
 protected:
  MisuseDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

__attribute__((noinline)) int Deep(int depth) {
  volatile char frame[1000];
  frame[depth % 1000] = static_cast<char>(depth);
  if (depth > 10'000'000) return 0;
  const int below = Deep(depth + 1);
  return below + frame[depth % 1000];
}

TEST_F(MisuseDeathTest, ATaskThatOverflowsItsStackIsNamed) {
  EXPECT_EXIT(
      static_cast<void>(Explore([] { Go("digger", [] { static_cast<void>(Deep(0)); }); }, Quiet())),
      ExitedWithCode(2),
      "task 2 \"digger\" \\(started at misuse_test.cc:[0-9]+\\) overflowed its stack of 256 KiB");
}

TEST_F(MisuseDeathTest, RootThatOverflowsItsStackIsNamed) {
  ExploreOptions options = Quiet();
  options.root_stack_size = 512 << 10;
  EXPECT_EXIT(static_cast<void>(Explore([] { static_cast<void>(Deep(0)); }, options)),
              ExitedWithCode(2),
              "task 1 \"root\".* overflowed its stack of 512 KiB.*root_stack_size");
}

TEST_F(MisuseDeathTest, ALargerStackHoldsWhatASmallerDoesNot) {
  const Body body = [] {
    Go("large", [] {
      volatile char frame[300 << 10];
      for (std::size_t i = 0; i < sizeof(frame); i += 1000) frame[i] = 1;
      PreemptionPoint();
      for (std::size_t i = 0; i < sizeof(frame); i += 1000) EXPECT_EQ(frame[i], 1);
    });
  };
  ExploreOptions options = Quiet();
  options.stack_size = 2 << 20;
  EXPECT_EQ(Explore(body, options).schedules, 20u);
  EXPECT_EQ(Explore(body, options).schedules, 20u);
}

TEST_F(MisuseDeathTest, ARealMutexHeldAcrossASwitchIsNamed) {
  ExploreOptions options = Quiet(1000);
  options.watchdog = 300ms;
  EXPECT_EXIT(static_cast<void>(Explore(
                  [] {
                    std::mutex mutex;
                    WaitGroup both;
                    both.Go("holder", [&mutex] {
                      const std::lock_guard lock(mutex);
                      Yield();
                    });
                    both.Go("waits", [&mutex] { const std::lock_guard lock(mutex); });
                    both.Wait();
                  },
                  options)),
              ExitedWithCode(2), "taskleak: no step for 0.3 s: task . \"(holder|waits)\"");
}

TEST_F(MisuseDeathTest, ALoopWithoutAnOperationIsNamed) {
  ExploreOptions options = Quiet(1000);
  options.watchdog = 300ms;
  EXPECT_EXIT(static_cast<void>(Explore(
                  [] {
                    Go("spinner", [] {
                      volatile bool go_on = true;
                      while (go_on) {
                      }
                    });
                    Select();
                  },
                  options)),
              ExitedWithCode(2), "no step for 0.3 s: task 2 \"spinner\"(.|\n)*root");
}

// In on_progress no run is in progress, but a search is.
[[noreturn]] void ExploreWithinASearch() {
  alarm(10);  // Should it wait for itself.
  bool refused = false;
  ExploreOptions options = Quiet(200);
  options.on_progress = [&refused](const Progress&) {
    try {
      static_cast<void>(Explore([] {}, Quiet()));
    } catch (const UsageError&) {
      refused = true;
    }
    return false;
  };
  static_cast<void>(Explore([] {}, options));
  std::_Exit(refused ? 0 : 1);
}

TEST_F(MisuseDeathTest, ANestedExploreBetweenTwoRunsIsRefused) {
  EXPECT_EXIT(ExploreWithinASearch(), ExitedWithCode(0), "");
}

// NOLINTEND(bugprone-empty-catch)
}  // namespace
