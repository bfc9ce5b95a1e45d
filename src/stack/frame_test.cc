// What stack_test.cc does not see of frames: all forms of names, whatever compiler built the test.

#include "src/stack/frame.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using taskleak::internal::FormatFrame;
using taskleak::internal::FormatLocation;
using taskleak::internal::Frame;
using taskleak::internal::FrameOrigin;
using taskleak::internal::HumanName;
using taskleak::internal::OriginOf;
using taskleak::internal::TrimToUser;

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
        "pthread_cond_wait", "_Z13RUN_ALL_TESTSv",
        "_ZN6__tsan32call_pthread_cancel_with_cleanupEPFiPvEPFvS0_ES0_"}) {
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
  EXPECT_EQ(HumanName("user::Get<std::vector<std::vector<int> > >()"),
            "user::Get<std::vector<std::vector<int>>>()");
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
  EXPECT_EQ(FormatLocation(frame), "(libqueue.so+0x12ab)");
}

}  // namespace
