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
#include <utility>
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
using taskleak::internal::HumanName;
using taskleak::internal::OriginOf;
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
  for (const Frame& frame : all) origins.push_back(frame.origin);
  EXPECT_NE(std::find(origins.begin(), origins.end(), FrameOrigin::kTaskleak), origins.end());
  EXPECT_NE(std::find(origins.begin(), origins.end(), FrameOrigin::kStandardLibrary),
            origins.end());
  const std::vector<Frame> frames = TrimToUser(all);
  EXPECT_EQ(frames.front().origin, FrameOrigin::kUser);
  EXPECT_EQ(frames.back().origin, FrameOrigin::kUser);
  EXPECT_NE(frames.back().function.find("TestBody()"), std::string::npos) << frames.back().function;
}

Frame Fake(std::string function, FrameOrigin origin) {
  Frame frame;
  frame.function = std::move(function);
  frame.origin = origin;
  return frame;
}

std::string Trimmed(std::vector<Frame> frames) {
  std::string result;
  for (const Frame& frame : TrimToUser(std::move(frames))) result += frame.function + " ";
  return result;
}

TEST(TrimTest, KeepsWhatLiesBetweenUserFrames) {
  const Frame ours = Fake("taskleak::Go", FrameOrigin::kTaskleak);
  const Frame standard = Fake("std::sort", FrameOrigin::kStandardLibrary);
  const Frame runtime = Fake("start_thread", FrameOrigin::kRuntime);
  const Frame run_tests = Fake("testing::UnitTest::Run()", FrameOrigin::kRuntime);
  const Frame less = Fake("Less", FrameOrigin::kUser);
  const Frame body = Fake("Body", FrameOrigin::kUser);
  const Frame main = Fake("main", FrameOrigin::kUser);
  EXPECT_EQ(Trimmed({ours, standard, less, standard, ours, body, standard, runtime}),
            "Less std::sort taskleak::Go Body ");
  EXPECT_EQ(Trimmed({ours, body, runtime, run_tests, main, runtime}), "Body ");
  EXPECT_EQ(Trimmed({ours, run_tests, main, runtime}), "main ");
  EXPECT_EQ(Trimmed({ours, main, runtime}), "main ");
  EXPECT_EQ(Trimmed({ours, standard, runtime}), "taskleak::Go std::sort start_thread ");
  EXPECT_EQ(Trimmed({ours, run_tests, runtime}),
            "taskleak::Go testing::UnitTest::Run() start_thread ");
  EXPECT_EQ(Trimmed({}), "");
}

TEST(OriginTest, IsTheOutermostNamespace) {
  const auto origin = [](std::string_view linkage) { return OriginOf({linkage, "", "", ""}); };
  for (const std::string_view ours :
       {"_ZN8taskleak5YieldEv", "_ZNK8taskleak4ChanIiE4SendEi", "_ZNKR8taskleak4ChanIiE4SendEi",
        "_ZN8taskleak2GoIZN4user5StartEvEUlvE_EEmT_",
        "_ZZN8taskleak2GoIZN4user5StartEvEUlvE_EEmT_ENKUlvE_clEv",
        "_ZZNK8taskleak4ChanIiE4SendEiENKUlvE_clEv", "_ZThn16_N8taskleak8internal5Fiber3RunEv",
        "_ZTv0_n24_N8taskleak8internal5Fiber3RunEv", "_ZN8taskleakL4LockEv.cold",
        "_ZZZN8taskleak1fEvENKUlvE_clEvENKUlvE_clEv", "taskleak_v1_task_start"}) {
    EXPECT_EQ(origin(ours), FrameOrigin::kTaskleak) << ours;
  }
  for (const std::string_view user :
       {"_ZN4user3RunEN8taskleak4ChanIiEE", "_ZZN4user5StartEvENKUlvE_clEv", "_Z8taskleakv", "main",
        "_ZN13taskleak_user3RunEv", "_ZN12_GLOBAL__N_15StartEv", "_Z3fooIN8taskleak4ChanIiEEEvT_",
        "_ZN7TestingE", "_ZZ4mainENKUlvE_clEv", "Startup", "", "_Z", "_ZN", "_ZTh", "_ZTv0"}) {
    EXPECT_EQ(origin(user), FrameOrigin::kUser) << user;
  }
  for (const std::string_view standard :
       {"_ZSt13__invoke_implIvZN4user5StartEvEUlvE_JEET_v", "_ZNSt6thread8_InvokerIvE6_M_runEv",
        "_ZNKSt8functionIFvvEEclEv", "_ZZNSt9once_flagC4IvEERT_ENUlvE_4_FUNEv", "_ZNSs6appendEPKc",
        "_ZN9__gnu_cxx13new_allocatorIiE8allocateEm", "_Znwm", "__cxa_throw"}) {
    EXPECT_EQ(origin(standard), FrameOrigin::kStandardLibrary) << standard;
  }
  for (const std::string_view runtime :
       {"make_fcontext", "jump_fcontext", "trampoline", "_start", "__libc_start_main@@GLIBC_2.34",
        "__libc_start_call_main", "start_thread", "clone3", "__asan_memcpy", "__tsan_func_entry",
        "_ZN7testing8internal12UnitTestImpl11RunAllTestsEv", "_ZN7testing4Test3RunEv",
        "pthread_cond_wait", "_Z13RUN_ALL_TESTSv"}) {
    EXPECT_EQ(origin(runtime), FrameOrigin::kRuntime) << runtime;
  }
}

// Where gcc records no linkage name.
TEST(OriginTest, FallsBackToScopeModuleAndFile) {
  EXPECT_EQ(OriginOf({"", "taskleak::Go<user::Start()::{lambda}>(…)", "", ""}),
            FrameOrigin::kTaskleak);
  EXPECT_EQ(OriginOf({"", "std::__invoke<user::F>(…)", "", ""}), FrameOrigin::kStandardLibrary);
  EXPECT_EQ(OriginOf({"", "user::Start()::{lambda}", "/usr/include/c++/12/x", ""}),
            FrameOrigin::kUser);
  EXPECT_EQ(OriginOf({"", "helper()", "/usr/include/c++/12/x", ""}), FrameOrigin::kStandardLibrary);
  EXPECT_EQ(OriginOf({"", "", "", "/lib/libstdc++.so.6.0.30"}), FrameOrigin::kStandardLibrary);
  EXPECT_EQ(OriginOf({"", "", "", "/lib/x86_64-linux-gnu/libc.so.6"}), FrameOrigin::kRuntime);
  EXPECT_EQ(OriginOf({"", "", "", "/home/user/libqueue.so"}), FrameOrigin::kUser);
}

TEST(HumanNameTest, IsShortAndTheSameForAllCompilers) {
  EXPECT_EQ(HumanName("_ZN4user3fooEi"), "user::foo(int)");
  EXPECT_EQ(HumanName("_ZN4user3fooEi.part.0"), "user::foo(int)");
  EXPECT_EQ(HumanName("_ZN4user3RunIiEEvT_"), "user::Run<int>(int)");
  EXPECT_EQ(HumanName("_ZN4user12_GLOBAL__N_13fooEv"), "user::foo()");
  EXPECT_EQ(HumanName("main"), "main");
  EXPECT_EQ(HumanName("_Zgarbage"), "_Zgarbage");
  EXPECT_EQ(HumanName("_ZZN4user3fooEvENKUlvE_clEv"), "user::foo()::{lambda}");  // gcc
  EXPECT_EQ(HumanName("_ZZN4user3fooEvENK3$_0clEv"), "user::foo()::{lambda}");   // clang
  EXPECT_EQ(HumanName("_ZZN4user3fooEvEN3$_08__invokeEv"), "user::foo()::{lambda}");
  EXPECT_EQ(HumanName("_ZZN4user3fooEvENUlvE_4_FUNEv"), "user::foo()::{lambda}");
  EXPECT_EQ(HumanName("user::foo()::'lambda0'(int)::operator()(int) const"),
            "user::foo()::{lambda}");
  EXPECT_EQ(HumanName("_ZZZNK4user1S3fooEvENKUlvE_clEvENKUliE_clEi"),
            "user::S::foo()::{lambda}::{lambda}");
  EXPECT_EQ(HumanName("_ZZN4user3fooEvENKUlT_E_clIiEEDaS0_"), "user::foo()::{lambda}");
  EXPECT_EQ(HumanName("_ZNK4user1ScvbEv"), "user::S::operator bool()");
  EXPECT_EQ(HumanName("_ZNK4user1SclEi"), "user::S::operator()(int)");
  EXPECT_EQ(HumanName("_ZN4userlsIiEERNS_1SES2_T_"), "user::operator<< <int>(user::S&, int)");
  EXPECT_EQ(HumanName("_ZN4user1SptEv"), "user::S::operator->()");
  EXPECT_EQ(HumanName("_ZN4user1SD2Ev"), "user::S::~S()");
  EXPECT_EQ(HumanName("user::PoolWorker(taskleak::Chan<user::Job>, taskleak::Chan<user::Result>)"),
            "user::PoolWorker(…)");
  EXPECT_EQ(HumanName("user::Pool<user::AQuiteLongJobName, user::AQuiteLongResultName>::Run(int)"),
            "user::Pool<…>::Run(…)");
}

TEST(FormatFrameTest, AlignsPlaces) {
  Frame frame = Fake("PoolWorker(…)", FrameOrigin::kUser);
  frame.file = "/home/user/src/worker_pool.cc";
  frame.line = 41;
  EXPECT_EQ(FormatFrame(frame, 0), "    #0 PoolWorker(…)                  worker_pool.cc:41");
  EXPECT_EQ(FormatFrame(frame, 10), "    #10 PoolWorker(…)                 worker_pool.cc:41");
  frame.function = "AFunctionWhoseNameIsLongerThanTheColumn()";
  EXPECT_EQ(FormatFrame(frame, 0),
            "    #0 AFunctionWhoseNameIsLongerThanTheColumn()  worker_pool.cc:41");
  frame.file = "";
  frame.module = "/usr/lib/libqueue.so";
  frame.offset = 0x12ab;
  EXPECT_EQ(taskleak::internal::FormatLocation(frame), "(libqueue.so+0x12ab)");
}

}  // namespace
