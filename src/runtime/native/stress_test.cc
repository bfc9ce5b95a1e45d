// The primitives on the process's own runtime, all at once: threads of std::thread's and tasks of
// Go's mixed, while others look at them.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#include "src/runtime/sanitizer.h"
#include "taskleak/taskleak.h"

namespace {

using namespace std::chrono_literals;
using namespace taskleak;

constexpr int kRounds = internal::kSanitized ? 100 : 2000;

// Every second one is a thread that is attached by what it does; the others are tasks. Join is
// called by whoever called Start.
class Crew {
 public:
  void Start(std::function<void()> work) {
    if (++started_ % 2 == 0)
      threads_.emplace_back(std::move(work));
    else
      tasks_.Go(std::move(work));
  }
  void Start(int count, const std::function<void()>& work) {
    for (int i = 0; i < count; ++i) Start(work);
  }
  void Join() {
    tasks_.Wait();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  int started_ = 0;
  WaitGroup tasks_;
  std::vector<std::thread> threads_;
};

// Senders send the numbers below kRounds, each over whichever of three channels is first; receivers
// take them in three ways. What arrives is what was sent.
class Messages {
 public:
  void StartIn(Crew& crew) {
    for (int i = 0; i < kSenders; ++i) {
      senders_.Add(1);
      crew.Start([this] {
        for (std::int64_t n = 0; n < kRounds; ++n) SendSomewhere(n);
        senders_.Done();
      });
    }
    crew.Start(3, [this] { Receive(); });
    crew.Start([this] {
      senders_.Wait();
      for (const auto& channel : channels_) channel.Close();
    });
  }
  void ExpectAllArrived() const { EXPECT_EQ(sum_, kSenders * (kRounds * (kRounds - 1) / 2)); }

 private:
  static constexpr std::int64_t kSenders = 3;

  void SendSomewhere(std::int64_t n) {
    const auto& [a, b, c] = channels_;
    switch (n % 3) {
      case 0:
        Select(OnSend(a, n), OnSend(b, n), OnSend(c, n));
        break;
      case 1:
        b.Send(n);
        break;
      default:
        while (!c.TrySend(n) && Select(OnSend(a, n), OnDefault()) != 0) Yield();
    }
  }

  void Receive() {
    Chan<std::int64_t> open[] = {channels_[0], channels_[1], channels_[2]};
    std::int64_t sum = 0;
    for (int closed = 0;
         closed < 3;) {  // A channel that is closed and drained is nil from then on.
      std::optional<std::int64_t> n;
      const std::size_t i = Selector().Recv(open[0], n).Recv(open[1], n).Recv(open[2], n).Wait();
      EXPECT_LE(open[i].Len(), open[i].Cap());
      if (n.has_value()) {
        sum += *n;
      } else {
        open[i] = {};
        ++closed;
      }
    }
    sum_ += sum;
    for (const auto& channel : channels_) EXPECT_EQ(channel.Len(), 0u) << "drained";
  }

  const Chan<std::int64_t> channels_[3] = {MakeChan<std::int64_t>(), MakeChan<std::int64_t>(1),
                                           MakeChan<std::int64_t>(8)};
  WaitGroup senders_;
  std::atomic<std::int64_t> sum_ = 0;
};

// Plain numbers, each guarded in its own way.
class Guarded {
 public:
  void StartIn(Crew& crew) {
    crew.Start(3, [this] {
      for (int n = 0; n < kRounds; ++n) {
        const std::lock_guard lock(mutex_);
        ++under_mutex_;
      }
    });
    crew.Start(2, [this] {
      for (int n = 0; n < kRounds; ++n) {
        const std::lock_guard lock(rwmutex_);
        ++left_;
        ++right_;
      }
    });
    crew.Start(3, [this] {
      for (int n = 0; n < kRounds; ++n) {
        const std::shared_lock lock(rwmutex_);
        EXPECT_EQ(left_, right_);
      }
    });
    crew.Start(4, [this] {
      for (int n = 0; n < kRounds; ++n) {
        semaphore_.Acquire(1 + n % 2);
        EXPECT_LE(inside_ += 1 + n % 2, 3);
        inside_ -= 1 + n % 2;
        semaphore_.Release(1 + n % 2);
      }
    });
    crew.Start(2, [this] {
      for (int n = 0; n < kRounds; ++n) {
        std::unique_lock lock(mutex_);
        ++items_;
        lock.unlock();
        item_.Signal();
      }
    });
    crew.Start(2, [this] {
      for (int n = 0; n < kRounds; ++n) {
        const std::lock_guard lock(mutex_);
        while (items_ == 0) item_.Wait();
        --items_;
      }
    });
  }
  void ExpectAllCounted() {
    EXPECT_EQ(under_mutex_, 3 * kRounds);
    EXPECT_EQ(left_, 2 * kRounds);
    EXPECT_EQ(items_, 0);
    EXPECT_EQ(inside_, 0);
    EXPECT_TRUE(semaphore_.TryAcquire(3));
  }

 private:
  Mutex mutex_;
  RWMutex rwmutex_;
  Semaphore semaphore_{3};
  Cond item_{mutex_};
  int under_mutex_ = 0;
  int left_ = 0;
  int right_ = 0;
  int items_ = 0;
  std::atomic<int> inside_ = 0;
};

// One round: four tasks wait for a context, which ends by a cancel or by its time, whichever comes
// first; and do one thing once.
void EndAContext(int round) {
  static const ContextKey<int> kRound;
  const auto [parent, cancel] = WithCancel(WithValue(Background(), kRound, round));
  const Context context = WithTimeout(parent, (round % 4) * 20us).first;
  Once once;
  int calls = 0;
  const auto called = MakeChan<Unit>();
  const StopFunc stop = AfterFunc(context, [called] { called.Close(); });
  WaitGroup waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.Go([&, context = context] {
      static_cast<void>(context.Done().Recv());
      EXPECT_NE(context.Err(), ContextError::kNone);
      EXPECT_EQ(*context.Value(kRound), round);
      once.Do([&calls] { ++calls; });
    });
  }
  if (round % 2 == 0) cancel();
  waiters.Wait();
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(stop()) << "it runs already";
  static_cast<void>(called.Recv());
  cancel();
}

// One round: timers that fire, are stopped, or are moved, whichever comes first.
void RunTimers(int round) {
  const auto fired = MakeChan<int>(2);
  const Timer moved = AfterFunc(1h, [fired] { fired.Send(1); });
  EXPECT_TRUE(moved.Reset((round % 3) * 10us));
  const Timer raced = AfterFunc((round % 5) * 5us, [fired] { fired.Send(2); });
  int expected = raced.Stop() ? 1 : 3;
  for (int sum = 0; sum < expected;) sum += *fired.Recv();
  EXPECT_FALSE(moved.Stop());
  const Ticker ticker = NewTicker(5us);
  static_cast<void>(ticker.C().Recv());
  ticker.Stop();
  const auto never = MakeChan<int>();
  EXPECT_EQ(Select(OnRecv(never), OnAfter(1us)), 1u);
  Sleep(1us);
}

// Sums, counts and invariants hold whatever the kernel's schedule is; and whoever looks at the
// tasks and objects meanwhile sees whole ones.
TEST(NativeStress, EverythingAtOnceEndsWithTheRightSums) {
  Messages messages;
  Guarded guarded;
  std::atomic<bool> over = false;
  Crew crew;
  Crew watch;
  watch.Start(2, [&over] {
    while (!over) {
      for (const TaskSnapshot& task : TaskRegistry::Global().Snapshot()) EXPECT_NE(task.id, 0u);
      for (const ObjectSnapshot& object : TaskRegistry::Global().Objects())
        EXPECT_NE(object.id, 0u);
      Yield();
    }
  });
  messages.StartIn(crew);
  guarded.StartIn(crew);
  crew.Start(2, [] {
    for (int round = 0; round < kRounds / 10; ++round) EndAContext(round);
  });
  crew.Start(2, [] {
    for (int round = 0; round < kRounds / 10; ++round) RunTimers(round);
  });
  crew.Join();
  over = true;
  watch.Join();
  messages.ExpectAllArrived();
  guarded.ExpectAllCounted();
}

}  // namespace
