// Under TSan a plain data race between two tasks of the simulator is reported, although one OS
// thread runs both: the orderings are those that the primitives give, and no others. Each pair is a
// race and its twin that an operation orders. In builds without TSan there is nothing to see.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "src/runtime/sanitizer.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

// The second that TSan waits for other threads' reports at the end of a process; there are none.
extern "C" const char* __tsan_default_options() { return "atexit_sleep_ms=0"; }

namespace {

using namespace std::chrono_literals;
using namespace taskleak;

constexpr int kTsanFound = 66;  // Its exit code.

// What two tasks touch. On the heap, and never freed: a stack or a free would be accesses too.
struct Shared {
  int value = 0;
};

// An access that no compiler leaves out.
int Read(const Shared& shared) { return *const_cast<const volatile int*>(&shared.value); }

class RaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!internal::kTsan) GTEST_SKIP() << "this build has no ThreadSanitizer";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }

  // In the child: ends with TSan's verdict.
  [[noreturn]] static void Run(const std::function<void(Shared&)>& body,
                               std::uint64_t schedules = 20) {
    internal::g_exact_orderings = true;
    ExploreOptions options;
    options.schedules = schedules;
    options.quiet = true;
    const ExploreResult result = Explore(
        [&body] {
          auto* shared = new Shared;
          body(*shared);
        },
        options);
    if (result.failure.has_value()) std::_Exit(3);
    std::exit(0);
  }

  static void ExpectRace(const std::function<void(Shared&)>& body) {
    EXPECT_EXIT(Run(body), testing::ExitedWithCode(kTsanFound),
                "data race(.|\n)*race_test.cc(.|\n)*race_test.cc");
  }
  static void ExpectSilent(const std::function<void(Shared&)>& body) {
    EXPECT_EXIT(Run(body), testing::ExitedWithCode(0), "");
  }
};

TEST_F(RaceTest, TwoTasksThatDoNotMeet) {
  ExpectRace([](Shared& shared) {
    Go([&shared] { shared.value = 1; });
    Go([&shared] { shared.value = 2; });
  });
}

TEST_F(RaceTest, AStartOrdersTheStarterAndTheTask) {
  ExpectSilent([](Shared& shared) {
    shared.value = 1;
    Go([&shared] { shared.value = 2; });
  });
  ExpectRace([](Shared& shared) {
    Go([&shared] { shared.value = 2; });
    Yield();
    shared.value = 1;
  });
}

TEST_F(RaceTest, AMutexOrders) {
  const auto count = [](Shared& shared, bool locked) {
    const auto mutex = std::make_shared<Mutex>();
    for (int i = 0; i < 2; ++i) {
      Go([&shared, mutex, locked] {
        if (locked) mutex->Lock();
        ++shared.value;
        if (locked) mutex->Unlock();
      });
    }
  };
  ExpectSilent([count](Shared& shared) { count(shared, true); });
  ExpectRace([count](Shared& shared) { count(shared, false); });
}

TEST_F(RaceTest, ASendComesBeforeItsReceive) {
  for (const std::size_t capacity : {0, 1, 3}) {
    ExpectSilent([capacity](Shared& shared) {
      const auto channel = MakeChan<int>(capacity);
      Go([&shared, channel] {
        shared.value = 1;
        channel.Send(1);
      });
      static_cast<void>(channel.Recv());
      shared.value = 2;
    });
    ExpectRace([capacity](Shared& shared) {
      const auto channel = MakeChan<int>(capacity);
      Go([&shared, channel] {
        channel.Send(1);
        shared.value = 1;
      });
      static_cast<void>(channel.Recv());
      shared.value = 2;
    });
  }
}

TEST_F(RaceTest, AReceiveComesBeforeTheEndOfAnUnbufferedSendOnly) {
  const auto body = [](Shared& shared, std::size_t capacity) {
    const auto channel = MakeChan<int>(capacity);
    Go([&shared, channel] {
      shared.value = 1;
      static_cast<void>(channel.Recv());
    });
    channel.Send(1);
    shared.value = 2;
  };
  ExpectSilent([body](Shared& shared) { body(shared, 0); });
  ExpectRace([body](Shared& shared) { body(shared, 1); });
}

// A hole that the README admits: of a channel with a buffer, Go's model orders the send before the
// receive only. In the canonical run the receiver is parked when root sends.
TEST_F(RaceTest, AHandOverPastABufferOrdersBothWays) {
  const auto body = [] {
    const auto shared = std::make_shared<Shared>();
    const auto channel = MakeChan<int>(1);
    Go([shared, channel] {
      shared->value = 1;
      static_cast<void>(channel.Recv());
    });
    Yield();
    channel.Send(1);
    shared->value = 2;
  };
  EXPECT_EXIT(
      {
        internal::g_exact_orderings = true;
        ExploreOptions options;
        options.quiet = true;
        static_cast<void>(Replay(body, Schedule(), options));
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(RaceTest, ABufferOfOneIsALock) {
  ExpectSilent([](Shared& shared) {
    const auto lock = MakeChan<Unit>(1);
    for (int i = 0; i < 3; ++i) {
      Go([&shared, lock] {
        lock.Send({});
        ++shared.value;
        static_cast<void>(lock.Recv());
      });
    }
  });
  ExpectRace([](Shared& shared) {
    const auto no_lock = MakeChan<Unit>(2);
    for (int i = 0; i < 3; ++i) {
      Go([&shared, no_lock] {
        no_lock.Send({});
        ++shared.value;
        static_cast<void>(no_lock.Recv());
      });
    }
  });
}

TEST_F(RaceTest, TwoSendersAreNotOrderedByTheirChannel) {
  ExpectRace([](Shared& shared) {
    const auto channel = MakeChan<int>(2);
    for (int i = 0; i < 2; ++i) {
      Go([&shared, channel, i] {
        shared.value = i;
        channel.Send(i);
      });
    }
    static_cast<void>(channel.Recv());
    static_cast<void>(channel.Recv());
  });
}

TEST_F(RaceTest, ACloseComesBeforeTheReceiveThatSeesIt) {
  ExpectSilent([](Shared& shared) {
    const auto channel = MakeChan<int>();
    Go([&shared, channel] {
      shared.value = 1;
      channel.Close();
    });
    static_cast<void>(channel.Recv());
    shared.value = 2;
  });
  ExpectRace([](Shared& shared) {
    const auto channel = MakeChan<int>();
    Go([&shared, channel] {
      channel.Close();
      shared.value = 1;
    });
    static_cast<void>(channel.Recv());
    shared.value = 2;
  });
}

TEST_F(RaceTest, ASelectOrdersByTheCaseItTakes) {
  const auto body = [](Shared& shared, bool before) {
    const auto channel = MakeChan<int>();
    const auto other = MakeChan<int>();
    Go([&shared, channel, other, before] {
      if (before) shared.value = 1;
      Select(OnSend(channel, 1), OnRecv(other));
      if (!before) shared.value = 1;
    });
    Select(OnRecv(channel), OnRecv(other));
    shared.value = 2;
  };
  ExpectSilent([body](Shared& shared) { body(shared, true); });
  ExpectRace([body](Shared& shared) { body(shared, false); });
}

TEST_F(RaceTest, ReadersOfAnRWMutexAreOrderedWithWritersOnly) {
  ExpectSilent([](Shared& shared) {
    const auto mutex = std::make_shared<RWMutex>();
    for (int i = 0; i < 2; ++i) {
      Go([&shared, mutex] {
        mutex->RLock();
        static_cast<void>(Read(shared));
        mutex->RUnlock();
      });
    }
    Go([&shared, mutex] {
      mutex->Lock();
      ++shared.value;
      mutex->Unlock();
    });
  });
  ExpectRace([](Shared& shared) {
    const auto mutex = std::make_shared<RWMutex>();
    for (int i = 0; i < 2; ++i) {
      Go([&shared, mutex] {
        mutex->RLock();
        ++shared.value;
        mutex->RUnlock();
      });
    }
  });
}

TEST_F(RaceTest, AWaitGroupOrdersDoneBeforeWait) {
  ExpectSilent([](Shared& shared) {
    WaitGroup tasks;
    tasks.Go([&shared] { shared.value = 1; });
    tasks.Wait();
    shared.value = 2;
  });
  ExpectRace([](Shared& shared) {
    const auto tasks = std::make_shared<WaitGroup>();
    tasks->Add(1);
    Go([&shared, tasks] {
      tasks->Done();
      shared.value = 1;
    });
    tasks->Wait();
    shared.value = 2;
  });
}

// The documentation of Go's sync.Cond, since 1.19.
TEST_F(RaceTest, ASignalComesBeforeTheEndOfTheWaitThatItEnds) {
  const auto body = [](Shared& shared, bool before) {
    struct Monitor {
      Mutex mutex;
      Cond cond{mutex};
      Chan<Unit> waits = MakeChan<Unit>();
    };
    const auto monitor = std::make_shared<Monitor>();
    Go([&shared, monitor] {
      const std::lock_guard lock(monitor->mutex);
      monitor->waits.Send({});
      monitor->cond.Wait();
      shared.value = 1;
    });
    static_cast<void>(monitor->waits.Recv());
    monitor->mutex.Lock();  // It waits now.
    monitor->mutex.Unlock();
    if (before) shared.value = 2;
    monitor->cond.Signal();
    if (!before) shared.value = 2;
  };
  ExpectSilent([body](Shared& shared) { body(shared, true); });
  ExpectRace([body](Shared& shared) { body(shared, false); });
}

TEST_F(RaceTest, ASemaphoreOrdersReleaseBeforeAcquire) {
  const auto body = [](Shared& shared, std::int64_t size) {
    const auto semaphore = std::make_shared<Semaphore>(size);
    for (int i = 0; i < 2; ++i) {
      Go([&shared, semaphore] {
        semaphore->Acquire();
        ++shared.value;
        semaphore->Release();
      });
    }
  };
  ExpectSilent([body](Shared& shared) { body(shared, 1); });
  ExpectRace([body](Shared& shared) { body(shared, 2); });
}

TEST_F(RaceTest, OnceOrdersItsFunctionBeforeEveryCallersReturn) {
  ExpectSilent([](Shared& shared) {
    const auto once = std::make_shared<Once>();
    for (int i = 0; i < 3; ++i) {
      Go([&shared, once] {
        once->Do([&shared] { shared.value = 1; });
        static_cast<void>(Read(shared));
      });
    }
  });
}

TEST_F(RaceTest, ACancelComesBeforeWhoeverSeesIt) {
  ExpectSilent([](Shared& shared) {
    const auto [context, cancel] = WithCancel(Background());
    Go([&shared, cancel = cancel] {
      shared.value = 1;
      cancel();
    });
    static_cast<void>(context.Done().Recv());
    shared.value = 2;
  });
  ExpectRace([](Shared& shared) {
    const auto [context, cancel] = WithCancel(Background());
    Go([&shared, cancel = cancel] {
      cancel();
      shared.value = 1;
    });
    static_cast<void>(context.Done().Recv());
    shared.value = 2;
  });
}

// A timer carries what was before it was made, and nothing of the task that runs when it fires.
TEST_F(RaceTest, ATimerOrdersItsMakingBeforeItsFiring) {
  ExpectSilent([](Shared& shared) {
    shared.value = 1;
    static_cast<void>(AfterFunc(1s, [&shared] { shared.value = 2; }));
  });
  ExpectRace([](Shared& shared) {
    static_cast<void>(AfterFunc(1s, [&shared] { shared.value = 2; }));
    Go([&shared] {
      shared.value = 1;
      Sleep(1h);
    });
  });
}

// The same race at each replay, with the same two lines.
TEST_F(RaceTest, AReplayShowsTheSameRace) {
  const std::uint32_t line = __LINE__ + 4;
  const auto body = [] {
    const auto shared = std::make_shared<Shared>();
    const auto tasks = std::make_shared<WaitGroup>();
    tasks->Go([shared, tasks] { shared->value = 1; });
    tasks->Go([shared, tasks] { shared->value = 2; });
    tasks->Wait();
  };
  const std::string first = "race_test.cc:" + std::to_string(line);
  const std::string second = "race_test.cc:" + std::to_string(line + 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EXIT(
        {
          internal::g_exact_orderings = true;
          ExploreOptions options;
          options.quiet = true;
          static_cast<void>(Replay(body, Schedule(), options));
          std::exit(0);
        },
        testing::ExitedWithCode(kTsanFound),
        "Write of size 4(.|\n)*" + second + "(.|\n)*Previous write(.|\n)*" + first);
  }
}

// Unwinding what leaked is ours: destructors whose locks no longer lock are no race.
TEST_F(RaceTest, UnwindingIsNone) {
  EXPECT_EXIT(
      {
        internal::g_exact_orderings = true;
        ExploreOptions options;
        options.schedules = 3;
        options.quiet = true;
        auto* shared = new Shared;
        const auto result = Explore(
            [shared] {
              for (int i = 0; i < 3; ++i) {
                Go([shared] {
                  const auto touches = std::unique_ptr<Shared, void (*)(Shared*)>(
                      shared, [](Shared* s) { ++s->value; });
                  static_cast<void>(Chan<int>().Recv());
                });
              }
            },
            options);
        std::exit(result.failure.has_value() ? 0 : 3);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
