// From what processes wrote to one report.
#include "harness/command/gather.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

std::string Thread(const std::string& verdict, int offset) {
  return R"({"id":2,"tid":9,"name":"w","scope":"S.T","verdict":")" + verdict +
         R"(","operation":"cond wait","object":"condition variable","blocked_ms":5,"owner_tid":0,)" +
         R"("blocked_stack":[{"module":"/nowhere/a.out","offset":)" + std::to_string(offset) +
         R"(}],"creation_stack":[]})";
}

std::string Process(int pid, const std::string& threads,
                    const std::string& reason = "the process ends") {
  return R"({"schema":"taskleak.process","version":1,"pid":)" + std::to_string(pid) +
         R"(,"reason":")" + reason + R"(","threads":[)" + threads +
         R"(],"modules":[{"path":"/nowhere/a.out","build_id":"00ff"}]})";
}

std::string Seen(int pid, const std::string& end, int parent = 1) {
  return R"({"schema":"taskleak.seen","version":1,"pid":)" + std::to_string(pid) + R"(,"parent":)" +
         std::to_string(parent) + R"(,"program":"/nowhere/a.out","argv":["a.out"]})" + "\n" + end;
}

constexpr const char* kExited = "{\"end\":\"exit\",\"status\":0}\n";
constexpr int kGone = 999'999'999;  // No such process.

RunReport Gathered(const ScratchFolder& folder) {
  Gatherer gatherer;
  gatherer.AddFolder(folder.path());
  return gatherer.Take();
}

bool HasNote(const RunReport& report, const std::string& kind) {
  for (const ReportNote& note : report.notes) {
    if (note.kind == kind) return true;
  }
  return false;
}

TEST(GatherTest, GroupsByLeakAndNotByProcess) {
  const ScratchFolder folder;
  folder.Write("taskleak-1.json", Process(1, Thread("proven", 16) + "," + Thread("proven", 16)));
  folder.Write("taskleak-2.json", Process(2, Thread("proven", 16) + "," + Thread("suspect", 16) +
                                                 "," + Thread("none", 16)));
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.leaks.size(), 2u);
  EXPECT_EQ(report.leaks[0].count, 3u);
  EXPECT_EQ(report.leaks[0].verdict, LeakVerdict::kProven);
  EXPECT_EQ(report.leaks[0].scopes.at("S.T"), 3u);
  EXPECT_EQ(report.leaks[0].object, "condition variable");
  EXPECT_EQ(report.leaks[1].count, 1u);
  EXPECT_EQ(report.processes.size(), 2u);
  // The file is gone: the place is still told.
  EXPECT_EQ(report.leaks[0].blocked[0].function, "a.out+0x10");
  EXPECT_TRUE(HasNote(report, "unreadable module"));
}

TEST(GatherTest, AnotherFileThanTheOneThatRanIsNotAsked) {
  const ScratchFolder folder;
  std::string text = Process(1, Thread("proven", 16));
  for (std::size_t at = 0; (at = text.find("/nowhere/a.out")) != std::string::npos;)
    text.replace(at, 14, "/proc/self/exe");
  folder.Write("taskleak-1.json", text);
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.leaks.size(), 1u);
  EXPECT_EQ(report.leaks[0].blocked[0].function, "exe+0x10");
  EXPECT_TRUE(HasNote(report, "changed module"));
}

TEST(GatherTest, AProcessWithoutAnEndIsSaidToHaveLeftNoReport) {
  const ScratchFolder folder;
  folder.Write("taskleak-999999999.seen", Seen(kGone, ""));
  folder.Write("taskleak-2.seen", Seen(2, kExited));
  folder.Write("taskleak-3.seen", Seen(3, "{\"end\":\"_exit alone\",\"status\":1}\n"));
  folder.Write("taskleak-4.seen", Seen(4, "{\"end\":\"_exit\",\"status\":1}\n"));
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_TRUE(report.notes[0].text.starts_with("2 of 4 processes left no report: a.out (2 times)."))
      << report.notes[0].text;
  EXPECT_FALSE(report.complete);
}

TEST(GatherTest, AProcessThatRunsStillIsSaid) {
  const ScratchFolder folder;
  folder.Write("taskleak-1.seen", Seen(getpid(), ""));
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(report.notes[0].kind, "running");
}

TEST(GatherTest, WhoPassedItsDeadlineAndEndedAfterAllLeakedNothing) {
  const ScratchFolder folder;
  const std::string late = "nine tenths of TASKLEAK_DEADLINE have passed";
  folder.Write("taskleak-1.json", Process(1, Thread("suspect", 16), late));
  folder.Write("taskleak-1.seen", Seen(1, kExited));
  folder.Write("taskleak-2.json", Process(2, Thread("suspect", 32), late));
  folder.Write("taskleak-2.seen", Seen(2, ""));
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.leaks.size(), 1u);
  EXPECT_EQ(report.leaks[0].threads[0].pid, 2);
  EXPECT_TRUE(HasNote(report, "slow"));
}

TEST(GatherTest, WhoWaitsForItsChildrenIsNoSuspect) {
  const ScratchFolder folder;
  folder.Write("taskleak-1.json", Process(1, Thread("suspect", 16), "SIGTERM"));
  folder.Write("taskleak-1.seen", Seen(1, ""));
  folder.Write("taskleak-2.json", Process(2, Thread("suspect", 32), "SIGTERM"));
  folder.Write("taskleak-2.seen", Seen(2, "", /*parent=*/1));
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.leaks.size(), 1u);
  EXPECT_EQ(report.leaks[0].threads[0].pid, 2);
}

TEST(GatherTest, WhatIsCutOffOrOfAnotherVersionCostsNothingElse) {
  const ScratchFolder folder;
  const std::string whole = Process(1, Thread("proven", 16));
  folder.Write("taskleak-1.json", whole);
  folder.Write("taskleak-2.json", whole.substr(0, whole.size() / 2));
  folder.Write("taskleak-3.json", "");
  folder.Write("taskleak-4.json", R"({"schema":"taskleak.process","version":2})");
  folder.Write("package.json", R"({"name":"somebody else's"})");
  folder.Write("deeper/taskleak-1.json", whole);
  const RunReport report = Gathered(folder);
  ASSERT_EQ(report.leaks.size(), 1u);
  EXPECT_EQ(report.leaks[0].count, 2u);  // Two processes of one pid, in two folders.
  EXPECT_EQ(report.processes.size(), 2u);
  int unreadable = 0;
  for (const ReportNote& note : report.notes) unreadable += note.kind == "unreadable" ? 1 : 0;
  EXPECT_EQ(unreadable, 3);
}

}  // namespace
}  // namespace taskleak::internal
