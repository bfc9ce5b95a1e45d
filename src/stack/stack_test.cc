#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "src/stack/capture.h"
#include "src/stack/symbolize.h"

#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE __attribute__((always_inline)) inline

namespace {
struct Trace;
NOINLINE void Capture(Trace* trace);
}  // namespace

// Stands for our own code, which reports leave out.
namespace taskleak {
template <class F>
NOINLINE void PretendOurs(F f) {
  f();
  __asm__ volatile("");
}
}  // namespace taskleak

namespace {

using taskleak::internal::CaptureFrames;
using taskleak::internal::FormatFrame;
using taskleak::internal::Frame;
using taskleak::internal::FrameOrigin;
using taskleak::internal::Symbolizer;
using taskleak::internal::ThreadStackBounds;
using taskleak::internal::TrimToUser;

struct Trace {
  std::array<std::uintptr_t, 64> pcs = {};
  std::size_t count = 0;
  int line = 0;    // of the call of Capture
  int caller = 0;  // of the call of the function that calls Capture
  int outer = 0;

  std::vector<Frame> Symbolize() const {
    return Symbolizer::Global().SymbolizeStack({pcs.data(), count});
  }
};

// The first frame captured is the caller's.
void Capture(Trace* trace) {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  ThreadStackBounds(&low, &high);
  trace->count = CaptureFrames(__builtin_frame_address(0), nullptr, low, high, trace->pcs.data(),
                               trace->pcs.size());
  __asm__ volatile("");
}

// A frame's place and name, as one string that a failed test shows.
std::string Where(const std::vector<Frame>& frames, std::size_t i) {
  if (i >= frames.size()) return "no such frame";
  return frames[i].function + " " + taskleak::internal::FormatLocation(frames[i]);
}

std::string Here(std::string_view function, int line) {
  return std::string(function) + " stack_test.cc:" + std::to_string(line);
}

NOINLINE void Leaf(Trace* trace) {
  trace->line = __LINE__ + 1;
  Capture(trace);
  __asm__ volatile("");
}

NOINLINE void CallsLeaf(Trace* trace) {
  trace->caller = __LINE__ + 1;
  Leaf(trace);
  __asm__ volatile("");
}

TEST(SymbolizeTest, FindsFunctionFileAndLine) {
  Trace trace;
  trace.outer = __LINE__ + 1;
  CallsLeaf(&trace);
  const std::vector<Frame> frames = trace.Symbolize();
  ASSERT_GE(frames.size(), 3u);
  EXPECT_EQ(Where(frames, 0), Here("Leaf(Trace*)", trace.line));
  EXPECT_EQ(Where(frames, 1), Here("CallsLeaf(Trace*)", trace.caller));
  EXPECT_EQ(Where(frames, 2),
            Here("SymbolizeTest_FindsFunctionFileAndLine_Test::TestBody()", trace.outer));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(frames[i].origin, FrameOrigin::kUser);
    EXPECT_FALSE(frames[i].inlined);
    EXPECT_EQ(frames[i].file, __FILE__[0] == '/' ? __FILE__ : frames[i].file);
    EXPECT_EQ(frames[i].file.front(), '/');
    EXPECT_FALSE(frames[i].module.empty());
    EXPECT_NE(frames[i].offset, 0u);
    EXPECT_EQ(frames[i].pc, trace.pcs[i]);
  }
  EXPECT_EQ(frames[0].linkage_name, "_ZN12_GLOBAL__N_14LeafEPNS_5TraceE");
}

ALWAYS_INLINE void InlinedInner(Trace* trace) {
  trace->line = __LINE__ + 1;
  Capture(trace);
}

ALWAYS_INLINE void InlinedOuter(Trace* trace) {
  trace->caller = __LINE__ + 1;
  InlinedInner(trace);
}

NOINLINE void HoldsInlined(Trace* trace) {
  trace->outer = __LINE__ + 1;
  InlinedOuter(trace);
  __asm__ volatile("");
}

TEST(SymbolizeTest, FindsInlinedFunctions) {
  Trace trace;
  HoldsInlined(&trace);
  const std::vector<Frame>& frames = Symbolizer::Global().Symbolize(trace.pcs[0]);
  ASSERT_EQ(frames.size(), 3u);
  // The parameters of an inlined local function are in no symbol table; gcc has only "(…)" for
  // them.
  EXPECT_EQ(Where(frames, 0).substr(0, 13), "InlinedInner(");
  EXPECT_EQ(Where(frames, 1).substr(0, 13), "InlinedOuter(");
  EXPECT_EQ(frames[0].line, trace.line);
  EXPECT_EQ(frames[1].line, trace.caller);
  EXPECT_EQ(Where(frames, 2), Here("HoldsInlined(Trace*)", trace.outer));
  EXPECT_TRUE(frames[0].inlined);
  EXPECT_TRUE(frames[1].inlined);
  EXPECT_FALSE(frames[2].inlined);
  for (const Frame& frame : frames) {
    EXPECT_EQ(taskleak::internal::Basename(frame.file), "stack_test.cc");
    EXPECT_EQ(frame.origin, FrameOrigin::kUser);
  }
}

struct Pool {
  template <class T>
  NOINLINE void Run(T, Trace* trace) const {
    trace->line = __LINE__ + 1;
    Capture(trace);
    __asm__ volatile("");
  }
};

TEST(SymbolizeTest, FindsMembersAndTemplates) {
  Trace trace;
  trace.caller = __LINE__ + 1;
  Pool().Run(1.5, &trace);
  const std::vector<Frame> frames = trace.Symbolize();
  EXPECT_EQ(Where(frames, 0), Here("Pool::Run<double>(double, Trace*)", trace.line));
  EXPECT_EQ(frames[1].line, trace.caller);
}

template <class F>
NOINLINE void Invoke(F f) {
  f();
  __asm__ volatile("");
}

template <class F>
ALWAYS_INLINE void InvokeInlined(F f) {
  f();
}

// gcc and clang spell lambdas differently, in symbols and in debug info; ours is one spelling.
NOINLINE void HasLambdas(Trace* trace) {
  const auto lambda = [trace] {
    trace->line = __LINE__ + 1;
    Capture(trace);
    __asm__ volatile("");
  };
  trace->caller = __LINE__ + 1;
  Invoke(lambda);
  __asm__ volatile("");
}

TEST(SymbolizeTest, NamesLambdasAfterTheirFunction) {
  Trace trace;
  HasLambdas(&trace);
  const std::vector<Frame> frames = TrimToUser(trace.Symbolize());
  ASSERT_GE(frames.size(), 3u);
  EXPECT_EQ(frames[0].function.substr(0, 11), "HasLambdas(");
  EXPECT_TRUE(frames[0].function.ends_with(")::{lambda}")) << frames[0].function;
  EXPECT_EQ(frames[0].line, trace.line);
  EXPECT_EQ(frames[1].function.substr(0, 7), "Invoke<");
  EXPECT_EQ(Where(frames, 2), Here("HasLambdas(Trace*)", trace.caller));
}

NOINLINE void HasInlinedLambda(Trace* trace) {
  trace->caller = __LINE__ + 1;
  InvokeInlined([trace]() __attribute__((always_inline)) {
    trace->line = __LINE__ + 1;
    Capture(trace);
  });
  __asm__ volatile("");
}

TEST(SymbolizeTest, NamesInlinedLambdas) {
  Trace trace;
  HasInlinedLambda(&trace);
  const std::vector<Frame>& frames = Symbolizer::Global().Symbolize(trace.pcs[0]);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].function.substr(0, 17), "HasInlinedLambda(");
  EXPECT_TRUE(frames[0].function.ends_with(")::{lambda}")) << frames[0].function;
  EXPECT_EQ(frames[0].line, trace.line);
  EXPECT_EQ(frames[1].function.substr(0, 14), "InvokeInlined<");
  EXPECT_EQ(Where(frames, 2), Here("HasInlinedLambda(Trace*)", trace.caller));
}

TEST(SymbolizeTest, LooksUpAnAddressOnce) {
  Trace trace;
  Leaf(&trace);
  const std::vector<Frame>& first = Symbolizer::Global().Symbolize(trace.pcs[0]);
  for (std::uintptr_t pc = 1; pc < 1000; ++pc) Symbolizer::Global().Symbolize(pc);
  EXPECT_EQ(&Symbolizer::Global().Symbolize(trace.pcs[0]), &first);
}

TEST(SymbolizeTest, AnswersFromManyThreads) {
  Trace trace;
  CallsLeaf(&trace);
  Symbolizer symbolizer;
  std::vector<std::thread> threads;
  std::array<std::string, 4> names;
  threads.reserve(names.size());
  for (std::string& name : names) {
    threads.emplace_back([&] { name = symbolizer.Symbolize(trace.pcs[0]).front().function; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& name : names) EXPECT_EQ(name, "Leaf(Trace*)");
}

TEST(SymbolizeTest, FallsBackToTheSymbolThenToTheAddress) {
  const auto function = [](std::uintptr_t pc) {
    const std::vector<Frame>& frames = Symbolizer::Global().Symbolize(pc);
    return frames.size() == 1 ? frames.front().function : "not one frame";
  };
  EXPECT_EQ(function(0), "0x0");
  EXPECT_EQ(function(0x1234), "0x1234");
  EXPECT_EQ(FormatFrame(Symbolizer::Global().Symbolize(0x1234).front(), 0),
            "    #0 0x1234                         (no module)");

  // Distributions ship libc and libstdc++ without debug info.
  const Frame& standard =
      Symbolizer::Global()
          .Symbolize(reinterpret_cast<std::uintptr_t>(&std::__throw_bad_function_call) + 1)
          .front();
  EXPECT_EQ(standard.function, "std::__throw_bad_function_call()");
  EXPECT_EQ(standard.origin, FrameOrigin::kStandardLibrary);

  // Mapped, but no module's: generated code, for example.
  void* const page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_TRUE(function(reinterpret_cast<std::uintptr_t>(page) + 16).starts_with("0x"));
  munmap(page, 4096);
}

TEST(CaptureTest, StopsAtGarbage) {
  std::array<std::uintptr_t, 8> stack = {};
  std::array<std::uintptr_t, 8> pcs = {};
  const auto at = [&](std::size_t i) { return reinterpret_cast<std::uintptr_t>(&stack[i]); };
  const auto capture = [&](std::uintptr_t frame, std::size_t max = 8) {
    return CaptureFrames(reinterpret_cast<const void*>(frame), nullptr, at(0),
                         at(0) + sizeof(stack), pcs.data(), max);
  };
  stack = {at(2), 0x10001, at(6), 0x10002, 0, 0, 0, 0x10003};
  EXPECT_EQ(capture(at(0)), 3u);  // the last record ends where the stack does
  EXPECT_EQ(pcs[0], 0x10001u);
  EXPECT_EQ(pcs[2], 0x10003u);
  EXPECT_EQ(capture(at(0), 2), 2u);
  EXPECT_EQ(capture(at(0), 0), 0u);
  EXPECT_EQ(capture(at(7)), 0u) << "a record that does not fit";
  EXPECT_EQ(capture(at(0) + 1), 0u) << "misaligned";
  EXPECT_EQ(capture(at(0) - 16), 0u) << "below the stack";
  EXPECT_EQ(capture(0), 0u);
  EXPECT_EQ(capture(~std::uintptr_t{7}), 0u);
  for (const std::uintptr_t garbage :
       {std::uintptr_t{0}, std::uintptr_t{1}, at(0), at(2), at(2) + 4, ~std::uintptr_t{0}}) {
    stack[2] = garbage;
    EXPECT_EQ(capture(at(0)), 2u) << garbage;
  }
  stack = {at(2), 0x10001, at(4), 4096, 0, 0x10002};
  EXPECT_EQ(capture(at(0)), 1u) << "a return address in the page that is never mapped";
  EXPECT_EQ(CaptureFrames(&stack, nullptr, 0, 8, pcs.data(), 8), 0u) << "a stack of one word";
  EXPECT_EQ(CaptureFrames(&stack, reinterpret_cast<void*>(0x9999), 0, 0, pcs.data(), 8), 1u);
  EXPECT_EQ(pcs[0], 0x9999u);
}

TEST(CaptureTest, KnowsEachThreadsStack) {
  const auto holds_local = [] {
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
    ThreadStackBounds(&low, &high);
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return low < here && here < high;
  };
  EXPECT_TRUE(holds_local());
  bool in_thread = false;
  std::thread([&] { in_thread = holds_local(); }).join();
  EXPECT_TRUE(in_thread);
}

TEST(TrimTest, StartsAndEndsWithTheUser) {
  Trace trace;
  std::vector<Frame> all;
  // std::function stands between our frame and the user's, at both ends.
  taskleak::PretendOurs(std::function<void()>([&] {
    trace.caller = __LINE__ + 1;
    taskleak::PretendOurs(
        std::function<void()>([&]() { taskleak::PretendOurs([&] { Capture(&trace); }); }));
    __asm__ volatile("");
  }));
  all = trace.Symbolize();
  std::vector<FrameOrigin> origins;
  origins.reserve(all.size());
  for (const Frame& frame : all) origins.push_back(frame.origin);
  EXPECT_NE(std::find(origins.begin(), origins.end(), FrameOrigin::kTaskleak), origins.end());
  EXPECT_NE(std::find(origins.begin(), origins.end(), FrameOrigin::kStandardLibrary),
            origins.end());
  const std::vector<Frame> frames = TrimToUser(all);
  EXPECT_EQ(frames.front().origin, FrameOrigin::kUser);
  EXPECT_EQ(frames.back().origin, FrameOrigin::kUser);
  EXPECT_NE(frames.back().function.find("TestBody()"), std::string::npos) << frames.back().function;
}

}  // namespace
