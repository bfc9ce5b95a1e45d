// A fingerprint stays where people would say "the same leak", and changes where they would not.
#include "harness/command/fingerprint.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

std::vector<Frame> Blocked() {
  return {UserFrame("Queue<int>::Pop(std::unique_lock<std::mutex>&)", "queue.cc", 10),
          UserFrame("Worker::Run()::{lambda}", "worker.cc", 20)};
}

std::vector<Frame> Creation() { return {UserFrame("Worker::Start(int)", "worker.cc", 18)}; }

std::string Of(const std::vector<Frame>& blocked, const std::vector<Frame>& creation) {
  return Fingerprint("cond wait", blocked, creation);
}

TEST(FingerprintTest, SurvivesMovedLinesFilesAndAddresses) {
  std::vector<Frame> moved = Blocked();
  for (Frame& frame : moved) {
    frame.line += 100;
    frame.file = "moved/" + frame.file;
    frame.offset += 4096;
    frame.pc += 99;
    frame.module = "/elsewhere/pool_test";
    frame.inlined = !frame.inlined;
  }
  EXPECT_EQ(Of(moved, Creation()), Of(Blocked(), Creation()));
}

TEST(FingerprintTest, SurvivesParametersTemplateArgumentsAndSplitFunctions) {
  std::vector<Frame> other = Blocked();
  other[0].function = "Queue<std::pair<int, Job> >::Pop(…) const";
  other[1].function = "Worker::Run()::{lambda} [clone .cold]";
  EXPECT_EQ(Of(other, Creation()), Of(Blocked(), Creation()));
}

TEST(FingerprintTest, SurvivesOthersFramesAndRecursion) {
  std::vector<Frame> other = Blocked();
  other.insert(other.begin() + 1, other[0]);  // Pop calls Pop.
  Frame standard = UserFrame("std::condition_variable::wait()", "", 0);
  standard.origin = FrameOrigin::kStandardLibrary;
  Frame runtime = UserFrame("start_thread", "", 0);
  runtime.origin = FrameOrigin::kRuntime;
  other.insert(other.begin(), standard);
  other.push_back(runtime);
  EXPECT_EQ(Of(other, Creation()), Of(Blocked(), Creation()));
}

TEST(FingerprintTest, ChangesWithTheOperationAndWithEitherStack) {
  EXPECT_NE(Fingerprint("futex wait", Blocked(), Creation()), Of(Blocked(), Creation()));
  std::vector<Frame> other = Blocked();
  other[0].function = "Queue<int>::Push(int)";
  EXPECT_NE(Of(other, Creation()), Of(Blocked(), Creation()));
  EXPECT_NE(Of(Blocked(), other), Of(Blocked(), Creation()));
  EXPECT_NE(Of(Blocked(), {}), Of({}, Blocked()));
}

TEST(FingerprintTest, TellsTheMainsOfTwoProgramsApart) {
  std::vector<Frame> one = {UserFrame("main::{lambda}", "a.cc", 1)};
  std::vector<Frame> other = one;
  other[0].module = "/project/build/other_test";
  EXPECT_NE(Of(one, {}), Of(other, {}));
}

TEST(FingerprintTest, OfAStrippedModuleHoldsNoOffset) {
  Frame frame;
  frame.module = "/usr/lib/libuv.so.1.0.0";
  frame.function = "libuv.so.1.0.0+0x1234";
  frame.offset = 0x1234;
  Frame next_build = frame;
  next_build.module = "/usr/lib/libuv.so.1.0.1";
  next_build.function = "libuv.so.1.0.1+0x1299";
  next_build.offset = 0x1299;
  EXPECT_EQ(Of({frame}, {}), Of({next_build}, {}));
  Frame other = frame;
  other.module = "/usr/lib/libother.so";
  other.function = "libother.so+0x1234";
  EXPECT_NE(Of({frame}, {}), Of({other}, {}));
}

TEST(FingerprintTest, WithoutTheUsersFramesTakesWhatThereIs) {
  Frame one = UserFrame("std::thread::join()", "", 0);
  one.origin = FrameOrigin::kStandardLibrary;
  Frame other = UserFrame("std::latch::wait()", "", 0);
  other.origin = FrameOrigin::kStandardLibrary;
  EXPECT_NE(Of({one}, {}), Of({other}, {}));
}

// Kept baselines hold these: a change of the rule is a new version ("f2-").
TEST(FingerprintTest, IsTheSameInEveryVersion) {
  EXPECT_EQ(Of(Blocked(), Creation()), "f1-c90bc39449b5009c");
}

TEST(NormalizedNameTest, KeepsNamesOnly) {
  EXPECT_EQ(NormalizedName("user::Pool<int>::Run(std::string const&) const [clone .cold]"),
            "user::Pool::Run");
  EXPECT_EQ(NormalizedName("Start()::{lambda}"), "Start::{lambda}");
  EXPECT_EQ(NormalizedName("Start()::{lambda(int)}"), "Start::{lambda}");
  EXPECT_EQ(NormalizedName("f(void (*)(int)) const &"), "f");
  EXPECT_EQ(NormalizedName("A<B<C> >::operator()(int)"), "A::operator()");
  EXPECT_EQ(NormalizedName("A::operator<(A const&)"), "A::operator<");
  EXPECT_EQ(NormalizedName("A::operator->()"), "A::operator->");
  EXPECT_EQ(NormalizedName("work.constprop.0"), "work");
  EXPECT_EQ(NormalizedName("plain_c"), "plain_c");
}

}  // namespace
}  // namespace taskleak::internal
