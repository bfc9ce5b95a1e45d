// Where a task was started and where it is blocked, to the line, in every build flavour: what a
// report stands on.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "src/stack/symbolize.h"
#include "taskleak/explore.h"
#include "taskleak/taskleak.h"

#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE __attribute__((always_inline)) inline

namespace {

using namespace std::chrono_literals;
using namespace taskleak;
using taskleak::internal::FormatFrame;
using taskleak::internal::FormatLocation;
using taskleak::internal::Frame;
using taskleak::internal::Symbolizer;
using taskleak::internal::TrimToUser;

// Set by each body on the line before the call that counts.
int g_started = 0;
int g_blocked = 0;

std::string Here(int line) { return "stack_lines_test.cc:" + std::to_string(line); }

// Every body leaves one task called "stuck", or root.

void Send() {
  const auto stuck = [ch = MakeChan<int>()] {
    g_blocked = __LINE__ + 1;
    ch.Send(1);
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void SendOfABoxedValue() {
  struct Large {
    char bytes[1000] = {};
  };
  const auto stuck = [ch = MakeChan<Large>()] {
    g_blocked = __LINE__ + 1;
    ch.Send(Large());
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void Recv() {
  const auto stuck = [ch = MakeChan<std::string>(3)] {
    g_blocked = __LINE__ + 1;
    static_cast<void>(ch.Recv());
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void RangeFor() {
  const auto stuck = [ch = MakeChan<int>()] {
    g_blocked = __LINE__ + 1;
    for (int value : ch) static_cast<void>(value);
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void NilSend() {
  const auto stuck = [] {
    const Chan<int> nil;
    g_blocked = __LINE__ + 1;
    nil.Send(1);
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void NilRecv() {
  const auto stuck = [] {
    g_blocked = __LINE__ + 1;
    static_cast<void>(RecvChan<int>().Recv());
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void SelectOfTwo() {
  const auto stuck = [a = MakeChan<int>(), b = MakeChan<int>()] {
    g_blocked = __LINE__ + 1;
    Select(OnRecv(a), OnSend(b, 1));
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void SelectOfNothing() {
  const auto stuck = [] {
    g_blocked = __LINE__ + 1;
    Select();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void SelectorWait() {
  const auto stuck = [ch = MakeChan<int>()] {
    Selector selector;
    selector.Recv(ch);
    g_blocked = __LINE__ + 1;
    selector.Wait();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void Lock() {
  const auto stuck = [mutex = std::make_shared<Mutex>()] {
    mutex->Lock();
    g_blocked = __LINE__ + 1;
    mutex->Lock();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void LockGuard() {
  const auto stuck = [mutex = std::make_shared<Mutex>()] {
    mutex->lock();
    g_blocked = __LINE__ + 1;
    const std::lock_guard guard(*mutex);
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void ReadLock() {
  const auto stuck = [mutex = std::make_shared<RWMutex>()] {
    mutex->Lock();
    g_blocked = __LINE__ + 1;
    mutex->RLock();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void WriteLock() {
  const auto stuck = [mutex = std::make_shared<RWMutex>()] {
    mutex->RLock();
    g_blocked = __LINE__ + 1;
    mutex->Lock();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void WaitGroupWait() {
  const auto stuck = [group = std::make_shared<WaitGroup>()] {
    group->Add(1);
    g_blocked = __LINE__ + 1;
    group->Wait();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

struct Queue {
  Mutex mutex;
  Cond filled{mutex};
};

void CondWait() {
  const auto stuck = [queue = std::make_shared<Queue>()] {
    const std::lock_guard lock(queue->mutex);
    g_blocked = __LINE__ + 1;
    queue->filled.Wait();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void CondWaitTakingItsLock() {
  const auto queue = std::make_shared<Queue>();
  const auto stuck = [queue] {
    const std::lock_guard lock(queue->mutex);
    g_blocked = __LINE__ + 1;
    queue->filled.Wait();
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
  Sleep(1s);
  queue->mutex.Lock();  // For good.
  queue->filled.Signal();
}

void OnceDo() {
  const auto stuck = [once = std::make_shared<Once>()] {
    once->Do([&] {
      g_blocked = __LINE__ + 1;
      once->Do([] {});
    });
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void SemaphoreAcquire() {
  const auto stuck = [semaphore = std::make_shared<Semaphore>(2)] {
    g_blocked = __LINE__ + 1;
    semaphore->Acquire(3);
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

void ContextDone() {
  const auto stuck = [ctx = WithCancel(Background()).first] {
    g_blocked = __LINE__ + 1;
    static_cast<void>(ctx.Done().Recv());
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

// ---- From functions, members, wrappers.

NOINLINE void Function(const Chan<int>& ch) {
  g_blocked = __LINE__ + 1;
  ch.Send(1);
  __asm__ volatile("");
}

NOINLINE void StartsFunction() {
  const auto ch = MakeChan<int>();
  const auto stuck = [ch] { Function(ch); };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
  __asm__ volatile("");
}

struct Pool {
  Chan<int> jobs = MakeChan<int>();

  void Work() const {
    g_blocked = __LINE__ + 1;
    static_cast<void>(jobs.Recv());
  }
  void Start() const {
    const auto stuck = [pool = *this] { pool.Work(); };
    g_started = __LINE__ + 1;
    Go("stuck", stuck);
  }
};

void Member() { Pool().Start(); }

ALWAYS_INLINE void InlinedInner(const Chan<int>& ch) {
  g_blocked = __LINE__ + 1;
  ch.Send(1);
}
ALWAYS_INLINE void InlinedOuter(const Chan<int>& ch) { InlinedInner(ch); }
template <class F>
ALWAYS_INLINE void InlinedStart(const F& f) {
  g_started = __LINE__ + 1;
  Go("stuck", f);
}

void ThroughInlinedWrappers() {
  InlinedStart([ch = MakeChan<int>()] { InlinedOuter(ch); });
}

void ByAWaitGroup() {
  const auto group = std::make_shared<WaitGroup>();
  const auto stuck = [group, ch = MakeChan<int>()] {
    g_blocked = __LINE__ + 1;
    ch.Send(1);
  };
  g_started = __LINE__ + 1;
  group->Go("stuck", stuck);
}

void ByAnErrGroup() {
  const auto group = std::make_shared<ErrGroup>();
  const auto stuck = [group, ch = MakeChan<int>()] {
    g_blocked = __LINE__ + 1;
    ch.Send(1);
  };
  g_started = __LINE__ + 1;
  group->Go("stuck", stuck);
}

void ByATaskOfATask() {
  const auto stuck = [ch = MakeChan<int>()] {
    g_blocked = __LINE__ + 1;
    ch.Send(1);
  };
  Go("parent", [stuck] {
    g_started = __LINE__ + 1;
    Go("stuck", stuck);
  });
}

void LimitOfAnErrGroup() {
  const auto stuck = [group = std::make_shared<ErrGroup>()] {
    group->SetLimit(1);
    const auto ends = [ctx = group->Ctx()] { static_cast<void>(ctx.Done().Recv()); };
    group->Go(ends);
    g_blocked = __LINE__ + 1;
    group->Go(ends);
  };
  g_started = __LINE__ + 1;
  Go("stuck", stuck);
}

struct Case {
  const char* name;
  const char* operation;
  void (*body)();
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

constexpr Case kCases[] = {{"Send", "chan send", Send},
                           {"SendOfABoxedValue", "chan send", SendOfABoxedValue},
                           {"Recv", "chan recv", Recv},
                           {"RangeFor", "chan recv", RangeFor},
                           {"NilSend", "chan send", NilSend},
                           {"NilRecv", "chan recv", NilRecv},
                           {"SelectOfTwo", "select", SelectOfTwo},
                           {"SelectOfNothing", "select", SelectOfNothing},
                           {"SelectorWait", "select", SelectorWait},
                           {"Lock", "lock", Lock},
                           {"LockGuard", "lock", LockGuard},
                           {"ReadLock", "rlock", ReadLock},
                           {"WriteLock", "lock", WriteLock},
                           {"WaitGroupWait", "waitgroup wait", WaitGroupWait},
                           {"CondWait", "cond wait", CondWait},
                           {"CondWaitTakingItsLock", "lock", CondWaitTakingItsLock},
                           {"OnceDo", "once", OnceDo},
                           {"SemaphoreAcquire", "semaphore acquire", SemaphoreAcquire},
                           {"ContextDone", "chan recv", ContextDone},
                           {"Function", "chan send", StartsFunction},
                           {"Member", "chan recv", Member},
                           {"ThroughInlinedWrappers", "chan send", ThroughInlinedWrappers},
                           {"ByAWaitGroup", "chan send", ByAWaitGroup},
                           {"ByAnErrGroup", "chan send", ByAnErrGroup},
                           {"ByATaskOfATask", "chan send", ByATaskOfATask},
                           {"LimitOfAnErrGroup", "chan send", LimitOfAnErrGroup}};

class StackLinesTest : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Operations, StackLinesTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

std::vector<Frame> UserFrames(const std::vector<std::uintptr_t>& stack) {
  return TrimToUser(Symbolizer::Global().SymbolizeStack(stack));
}

std::string Print(const std::vector<Frame>& frames) {
  std::string out = "\n";
  for (std::size_t i = 0; i < frames.size(); ++i)
    out += FormatFrame(frames[i], static_cast<int>(i)) + "\n";
  return out;
}

// The first line of a stack in a report, after `from`.
std::string FirstLineAfter(const std::string& text, std::size_t from) {
  const std::size_t begin = text.find("    #0 ", from);
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

TEST_P(StackLinesTest, AreExact) {
  ExploreOptions options;
  options.schedules = 3;
  options.quiet = true;
  const ExploreResult result = Explore(GetParam().body, options);
  ASSERT_TRUE(result.failure.has_value());
  const Failure& failure = *result.failure;
  const TaskSnapshot* task = nullptr;
  for (const TaskSnapshot& leaked : failure.leaked)
    if (leaked.name == "stuck") task = &leaked;
  ASSERT_NE(task, nullptr) << failure.Text();
  EXPECT_EQ(task->operation, GetParam().operation);

  const std::vector<Frame> started = UserFrames(task->creation_stack);
  ASSERT_FALSE(started.empty());
  EXPECT_EQ(FormatLocation(started.front()), Here(g_started)) << Print(started);
  const std::vector<Frame> blocked = UserFrames(task->blocked_stack);
  ASSERT_FALSE(blocked.empty());
  EXPECT_EQ(FormatLocation(blocked.front()), Here(g_blocked)) << Print(blocked);

  EXPECT_EQ(task->created_at.line, static_cast<std::uint32_t>(g_started));

  // And in the report.
  const std::string text = failure.Text();
  const std::size_t title = text.find("\"stuck\"");
  ASSERT_NE(title, std::string::npos) << text;
  EXPECT_TRUE(FirstLineAfter(text, title).ends_with(" " + Here(g_blocked))) << text;
  const std::size_t by = text.find("started by", title);
  ASSERT_NE(by, std::string::npos) << text;
  EXPECT_TRUE(FirstLineAfter(text, by).ends_with(" " + Here(g_started))) << text;
  const std::string summary = failure.Summary();
  EXPECT_NE(summary.find(" (" + Here(g_blocked) + ")"), std::string::npos) << summary;
  EXPECT_TRUE(summary.ends_with(", started at " + Here(g_started))) << summary;
}

TEST(StackLines, OfRootAreTheBodysOwn) {
  ExploreOptions options;
  options.schedules = 3;
  options.quiet = true;
  const ExploreResult result = Explore(
      [] {
        const auto ch = MakeChan<int>();
        g_blocked = __LINE__ + 1;
        ch.Send(1);
      },
      options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->kind, FailureKind::kDeadlock);
  const std::vector<Frame> blocked = UserFrames(result.failure->leaked.at(0).blocked_stack);
  ASSERT_FALSE(blocked.empty());
  EXPECT_EQ(FormatLocation(blocked.front()), Here(g_blocked)) << Print(blocked);
}

TEST(StackLines, TheWholeWayFromTheBlockedCallToTheTasksStart) {
  ExploreOptions options;
  options.quiet = true;
  const ExploreResult result = Explore(StartsFunction, options);
  ASSERT_TRUE(result.failure.has_value());
  const std::vector<Frame> blocked = UserFrames(result.failure->leaked.at(0).blocked_stack);
  ASSERT_EQ(blocked.size(), 2u) << "the function and the lambda, nothing of ours around them"
                                << Print(blocked);
  EXPECT_TRUE(blocked[0].function.starts_with("Function(")) << blocked[0].function;
  EXPECT_NE(blocked[1].function.find("StartsFunction"), std::string::npos) << blocked[1].function;
  const std::vector<Frame> started = UserFrames(result.failure->leaked.at(0).creation_stack);
  EXPECT_TRUE(started.at(0).function.starts_with("StartsFunction(")) << started.at(0).function;
}

}  // namespace
