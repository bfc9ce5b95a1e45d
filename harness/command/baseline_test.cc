// The ratchet's rules, one by one.
#include "harness/command/baseline.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

constexpr const char* kToday = "2026-01-31";

RunReport With(const std::vector<Leak>& leaks) {
  RunReport report;
  report.leaks = leaks;
  return report;
}

Leak A() { return MakeLeak("A()", "/project/a.cc", 1); }
Leak B() { return MakeLeak("B()", "/project/b.cc", 1); }

Comparison Held(const RunReport& report, const Baseline& baseline) {
  return Compare(report, baseline, LeakVerdict::kProven, kToday);
}

Baseline Knowing(const RunReport& report) { return Updated({}, Held(report, {}), true, true); }

TEST(BaselineTest, WhatIsNotKnownIsNew) {
  const Baseline baseline = Knowing(With({A()}));
  const Comparison comparison = Held(With({A(), B()}), baseline);
  ASSERT_EQ(comparison.known.size(), 1u);
  EXPECT_EQ(comparison.known[0].fingerprint, A().fingerprint);
  ASSERT_EQ(comparison.fresh.size(), 1u);
  EXPECT_EQ(comparison.fresh[0].fingerprint, B().fingerprint);
  EXPECT_TRUE(comparison.unseen.empty());
}

TEST(BaselineTest, AMovedLineIsKnown) {
  const Baseline baseline = Knowing(With({A()}));
  Leak moved = A();
  moved.blocked[0].line += 30;
  moved.creation[0].line += 30;
  EXPECT_TRUE(Held(With({moved}), baseline).fresh.empty());
}

TEST(BaselineTest, MoreThreadsThanAreKnownFail) {
  Baseline baseline = Knowing(With({A()}));
  Leak more = A();
  more.count = 2;
  const Comparison comparison = Held(With({more}), baseline);
  ASSERT_EQ(comparison.fresh.size(), 1u);
  EXPECT_EQ(comparison.fresh[0].why, "the baseline knows 1 thread of it");
  baseline.entries[0].count = 2;
  EXPECT_TRUE(Held(With({more}), baseline).fresh.empty());
  EXPECT_TRUE(Held(With({A()}), baseline).fresh.empty());  // Fewer are fine.
}

TEST(BaselineTest, LeaksThatDifferInLinesAloneAreCountedTogether) {
  Leak other_line = A();
  other_line.blocked[0].line = 9;
  const Baseline baseline = Knowing(With({A(), other_line}));
  ASSERT_EQ(baseline.entries.size(), 1u);
  EXPECT_EQ(baseline.entries[0].count, 2u);
}

TEST(BaselineTest, AnExpiredEntryFails) {
  Baseline baseline = Knowing(With({A()}));
  baseline.entries[0].expires = "2026-01-31";  // Its last day.
  EXPECT_TRUE(Held(With({A()}), baseline).fresh.empty());
  baseline.entries[0].expires = "2026-01-30";
  const Comparison comparison = Held(With({A()}), baseline);
  ASSERT_EQ(comparison.fresh.size(), 1u);
  EXPECT_EQ(comparison.fresh[0].why, "its entry in the baseline expired on 2026-01-30");
  // --accept-new does not renew it.
  EXPECT_EQ(Updated(baseline, comparison, true, true).entries[0].expires, "2026-01-30");
}

TEST(BaselineTest, SuspectsAndSuppressedOnesTakePartWhereTheyAreAskedFor) {
  const RunReport report = With({MakeLeak("S()", "/project/s.cc", 1, LeakVerdict::kSuspect)});
  EXPECT_TRUE(Held(report, {}).fresh.empty());
  EXPECT_EQ(Compare(report, {}, LeakVerdict::kSuspect, kToday).fresh.size(), 1u);
  RunReport suppressed = With({A()});
  suppressed.leaks[0].suppressed_by = "known.txt:1: taskleak:A";
  EXPECT_TRUE(Held(suppressed, {}).fresh.empty());
}

TEST(BaselineTest, AnEntryThatIsOnlySuspectedTodayIsNotGone) {
  const Baseline baseline = Knowing(With({A()}));
  Leak suspect = A();
  suspect.verdict = LeakVerdict::kSuspect;
  EXPECT_TRUE(Held(With({suspect}), baseline).unseen.empty());
}

TEST(BaselineTest, AnUpdateAddsOnlyWhatIsAccepted) {
  const Comparison comparison = Held(With({A()}), {});
  EXPECT_TRUE(Updated({}, comparison, true, false).entries.empty());
  const Baseline accepted = Updated({}, comparison, true, true);
  ASSERT_EQ(accepted.entries.size(), 1u);
  EXPECT_EQ(accepted.entries[0].fingerprint, A().fingerprint);
  EXPECT_EQ(accepted.entries[0].title,
            "blocked in cond wait at A() (a.cc:1), started at Start() (start.cc:7)");
}

TEST(BaselineTest, AnEntryGoesAfterTwentyCompleteRunsWithoutIt) {
  Baseline baseline = Knowing(With({A()}));
  const RunReport clean = With({});
  for (int run = 1; run < kRunsUntilGone; ++run) {
    baseline = Updated(baseline, Held(clean, baseline), true, false);
    ASSERT_EQ(baseline.entries.size(), 1u) << run;
    EXPECT_EQ(baseline.entries[0].absent, run);
  }
  EXPECT_TRUE(Updated(baseline, Held(clean, baseline), true, false).entries.empty());
}

TEST(BaselineTest, ARunThatWasNotCompleteIsNoAbsence) {
  Baseline baseline = Knowing(With({A()}));
  baseline.entries[0].absent = kRunsUntilGone - 1;
  const Baseline after = Updated(baseline, Held(With({}), baseline), false, false);
  ASSERT_EQ(after.entries.size(), 1u);
  EXPECT_EQ(after.entries[0].absent, kRunsUntilGone - 1);
}

TEST(BaselineTest, AnEntryThatIsSeenAgainCountsFromNothing) {
  Baseline baseline = Knowing(With({A()}));
  baseline.entries[0].absent = kRunsUntilGone - 1;
  EXPECT_EQ(Updated(baseline, Held(With({A()}), baseline), true, false).entries[0].absent, 0);
}

TEST(BaselineTest, AgainstABaseOnlyWhatItLacksIsNew) {
  Leak suspect = A();
  suspect.verdict = LeakVerdict::kSuspect;  // In the base, it was not proven that day.
  const Comparison comparison =
      CompareWithBase(With({A(), B()}), With({suspect}), LeakVerdict::kProven);
  ASSERT_EQ(comparison.fresh.size(), 1u);
  EXPECT_EQ(comparison.fresh[0].fingerprint, B().fingerprint);
}

TEST(BaselineTest, IsTheSameWhenItIsReadAgain) {
  Baseline baseline = Knowing(With({A(), B()}));
  baseline.entries[0].owner = "storage";
  baseline.entries[0].reason = "issue 12";
  baseline.entries[0].expires = "2027-01-01";
  baseline.entries[0].absent = 3;
  const std::string text = WriteBaseline(baseline);
  std::string why;
  const std::optional<Baseline> read = ReadBaseline(text, &why);
  ASSERT_TRUE(read.has_value()) << why;
  EXPECT_EQ(WriteBaseline(*read), text);
}

TEST(BaselineTest, SaysWhatIsWrongWithAFile) {
  const auto why = [](const std::string& leaks) {
    std::string reason;
    const std::string text =
        "{\"schema\":\"taskleak.baseline\",\"version\":1,\"leaks\":[" + leaks + "]}";
    EXPECT_FALSE(ReadBaseline(text, &reason).has_value());
    return reason;
  };
  EXPECT_EQ(why("{\"title\":\"t\"}"), "has an entry without a fingerprint (\"t\")");
  EXPECT_EQ(why("{\"fingerprint\":\"f\",\"expires\":\"soon\"}"),
            "says that f expires on \"soon\"; write a date such as 2026-01-31");
  EXPECT_EQ(why("{\"fingerprint\":\"f\"},{\"fingerprint\":\"f\"}"), "has f twice; leave one");
  std::string reason;
  EXPECT_FALSE(ReadBaseline("{\"schema\":", &reason).has_value());
  EXPECT_EQ(reason, "is cut off, or no JSON; take it from version control");
  EXPECT_FALSE(ReadBaseline("{}", &reason).has_value());
}

}  // namespace
}  // namespace taskleak::internal
