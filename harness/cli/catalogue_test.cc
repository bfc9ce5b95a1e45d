// The command behind ci/fuzz: which variants are meant, and how they are judged.
#include "harness/cli/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::CatalogueOptions;
using taskleak::internal::ListCatalogue;
using taskleak::internal::RunCatalogue;
using taskleak::internal::SelectedVariant;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

void Leaks() {
  const auto ch = MakeChan<int>();
  Go("helper", [ch] { ch.Send(1); });
  if (EarlyReturn("first error")) return;
  static_cast<void>(ch.Recv());
}

void Holds() {
  const auto ch = MakeChan<int>(1);
  Go("helper", [ch] { ch.Send(1); });
}

void Throws() { throw std::runtime_error("oh"); }

const Expectation kLeak{.operation = "chan send", .task = "helper"};

std::vector<Scenario> Catalogue() {
  return {
      {.name = "article/early_return",
       .summary = "The caller returns on the first error.",
       .variants = {{.name = "fixed", .summary = "A buffer of one.", .body = Holds},
                    {.name = "unbuffered",
                     .summary = "Nobody receives.",
                     .body = Leaks,
                     .expected = kLeak}}},
      {.name = "article/worker_pool",
       .summary = "Three workers.",
       .variants =
           {{.name = "fixed", .summary = "Watches the context.", .body = Holds},
            {.name = "no_cancel", .summary = "Never cancels.", .body = Leaks, .expected = kLeak}}},
      {.name = "goker/worker_pool_rare",
       .summary = "Rarely.",
       .variants = {{.name = "fixed", .summary = "Holds.", .body = Holds}}}};
}

std::vector<std::string> Selected(const std::vector<std::string>& selectors) {
  const std::vector<Scenario> all = Catalogue();
  std::vector<std::string> names;
  for (const SelectedVariant& selected : internal::Select(all, selectors).variants)
    names.push_back(selected.full_name());
  return names;
}

bool Exact(const std::vector<std::string>& selectors) {
  const std::vector<Scenario> all = Catalogue();
  return internal::Select(all, selectors).exact;
}

std::string Refusal(const std::vector<std::string>& selectors) {
  try {
    Selected(selectors);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Select, TakesEverythingWithoutASelector) {
  EXPECT_EQ(Selected({}).size(), 5u);
  EXPECT_FALSE(Exact({}));
}

TEST(Select, TakesAName) {
  const auto both = ElementsAre("article/worker_pool/fixed", "article/worker_pool/no_cancel");
  EXPECT_THAT(Selected({"worker_pool"}), both);
  EXPECT_THAT(Selected({"article/worker_pool"}), both);
  EXPECT_THAT(Selected({"article/worker_pool/"}), both) << "as a shell completes it";
  EXPECT_FALSE(Exact({"worker_pool"}));
  EXPECT_FALSE(Exact({"goker/worker_pool_rare"})) << "a scenario, though it has one variant only";
}

TEST(Select, TakesAFolder) {
  EXPECT_EQ(Selected({"article"}).size(), 4u);
  EXPECT_THAT(Selected({"goker/"}), ElementsAre("goker/worker_pool_rare/fixed"));
  EXPECT_FALSE(Exact({"goker"}));
}

TEST(Select, TakesAGlob) {
  EXPECT_THAT(Selected({"worker_*"}),
              ElementsAre("article/worker_pool/fixed", "article/worker_pool/no_cancel",
                          "goker/worker_pool_rare/fixed"));
  EXPECT_EQ(Selected({"article/*"}).size(), 4u);
  EXPECT_THAT(Selected({"*/*/fixed"}),
              ElementsAre("article/early_return/fixed", "article/worker_pool/fixed",
                          "goker/worker_pool_rare/fixed"));
  EXPECT_THAT(Selected({"article/*/unb*"}), ElementsAre("article/early_return/unbuffered"));
  EXPECT_FALSE(Exact({"article/*/unb*"}))
      << "a glob is judged as the catalogue is, even if one variant matches";
  EXPECT_EQ(Selected({"*"}).size(), 5u);
}

TEST(Select, TakesAVariantInFull) {
  EXPECT_THAT(Selected({"article/worker_pool/no_cancel"}),
              ElementsAre("article/worker_pool/no_cancel"));
  EXPECT_THAT(Selected({"worker_pool/no_cancel"}), ElementsAre("article/worker_pool/no_cancel"));
  EXPECT_TRUE(Exact({"article/worker_pool/no_cancel"}));
  EXPECT_TRUE(Exact({"worker_pool/no_cancel"}));
  EXPECT_FALSE(Exact({"worker_pool/no_cancel", "early_return/fixed"}));
}

TEST(Select, TakesSeveralEachOnceInTheCataloguesOrder) {
  EXPECT_THAT(Selected({"worker_pool/fixed", "early_return", "article/early_return/fixed"}),
              ElementsAre("article/early_return/fixed", "article/early_return/unbuffered",
                          "article/worker_pool/fixed"));
}

TEST(Select, RefusesWhatNamesNothingWithASuggestion) {
  EXPECT_THAT(Refusal({"worker_pol"}),
              HasSubstr("no scenario is named \"worker_pol\"; did you mean article/worker_pool"));
  EXPECT_THAT(Refusal({"article/worker_pool/no_cancle"}), HasSubstr("article/worker_pool"));
  EXPECT_THAT(Refusal({"zzzzzzzzzz"}), HasSubstr("--list shows what there is"));
  EXPECT_THAT(Refusal({"worker_pool", "none"}), HasSubstr("\"none\""));
  EXPECT_NE(Refusal({""}), "");
  EXPECT_NE(Refusal({"article/*/nothing"}), "");
  EXPECT_NE(Refusal({"/"}), "");
}

TEST(List, ShowsScenariosAndWhatIsExpectedOfTheirVariants) {
  std::ostringstream out;
  ListCatalogue(Catalogue(), {"article"}, out);
  EXPECT_THAT(out.str(),
              HasSubstr("article/early_return: The caller returns on the first error.\n"));
  EXPECT_THAT(out.str(), ContainsRegex("  fixed +holds +A buffer of one[.]\n"));
  EXPECT_THAT(out.str(), ContainsRegex("  unbuffered +leak +Nobody receives[.]\n"));
  EXPECT_THAT(out.str(), Not(HasSubstr("goker")));
  EXPECT_THROW(ListCatalogue(Catalogue(), {"none"}, out), UsageError);
}

// ---- Running.

class RunTest : public testing::Test {
 protected:
  RunTest() {
    std::string dir = testing::TempDir() + "taskleak-XXXXXX";
    if (mkdtemp(dir.data()) == nullptr) throw std::runtime_error("no temporary folder");
    dir_ = dir;
    setenv("TASKLEAK_REPORT_DIR", dir_.c_str(), 1);
    options_.schedules = 300;
  }
  ~RunTest() override {
    unsetenv("TASKLEAK_REPORT_DIR");
    std::filesystem::remove_all(dir_);
  }
  // The exit code; what was printed is in `out_`.
  int Run(const std::vector<Scenario>& all, const std::vector<std::string>& selectors = {}) {
    options_.selectors = selectors;
    std::ostringstream out;
    std::ostringstream progress;
    const int code = RunCatalogue(all, options_, out, progress);
    out_ = out.str();
    progress_ = progress.str();
    return code;
  }
  static std::vector<Scenario> One(Variant variant) {
    variant.name = "only";
    return {{.name = "test/one", .summary = "", .variants = {std::move(variant)}}};
  }

  CatalogueOptions options_;
  std::filesystem::path dir_;
  std::string out_;
  std::string progress_;
};

TEST_F(RunTest, IsContentWhenLeakyVariantsAreCaughtAndFixedOnesHold) {
  EXPECT_EQ(Run(Catalogue()), 0) << out_;
  EXPECT_THAT(out_, ContainsRegex("article/worker_pool/fixed +300 schedules +.*/s  held"));
  EXPECT_THAT(
      out_,
      ContainsRegex("article/worker_pool/no_cancel +[0-9]+ schedules? +.*/s  leak +1 decision\n"));
  EXPECT_THAT(out_, HasSubstr("5 of 5 variants as expected"));
  EXPECT_EQ(progress_, "") << "no terminal, no drawing";
}

TEST_F(RunTest, SaysBelowWhatHeldHowMuchWasSeen) {
  Run(Catalogue(), {"worker_pool"});
  EXPECT_THAT(out_, ContainsRegex("/s  held\n    300 schedules, 1 trace; an ordering "
                                  "bug of depth 1.* missed with at most"));
  EXPECT_THAT(out_, Not(ContainsRegex("leak.*\n    [0-9]+ schedules, "))) << "only there";
}

TEST_F(RunTest, RunsTheStrategyThatIsAskedFor) {
  options_.strategy = Strategy::kRandom;
  Run(Catalogue(), {"worker_pool/fixed"});
  EXPECT_THAT(out_, HasSubstr(" held\n"));
  EXPECT_THAT(out_, Not(HasSubstr("missed with at most"))) << "only PCT has that bound";
}

TEST_F(RunTest, ShowsTheFirstReportInFullAndWhereTheOthersAre) {
  EXPECT_EQ(Run(Catalogue()), 0);
  EXPECT_THAT(out_, HasSubstr("ERROR: taskleak: 1 task never ended"));
  EXPECT_THAT(out_,
              HasSubstr("\nThe other reports:\n  article/worker_pool/no_cancel: " + dir_.string()));
  EXPECT_THAT(out_, Not(HasSubstr("  article/early_return/unbuffered: ")));
  const std::filesystem::path other = dir_ / "article.worker_pool.no_cancel.txt";
  std::ifstream in(other);
  const std::string report{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(report, HasSubstr("ERROR: taskleak: 1 task never ended"));
  EXPECT_THAT(report, HasSubstr("replay: ci/fuzz article/worker_pool/no_cancel --replay=t1."));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "article.worker_pool.no_cancel.token"));
}

TEST_F(RunTest, FailsWhenALeakyVariantIsMissed) {
  EXPECT_EQ(Run(One({.body = Holds, .expected = kLeak})), 1);
  EXPECT_THAT(out_, ContainsRegex("test/one/only .* MISSED"));
  EXPECT_THAT(out_, HasSubstr("no schedule showed the expected leak"));
  EXPECT_THAT(out_, HasSubstr("0 of 1 variants as expected"));
}

TEST_F(RunTest, FailsWhenAFixedVariantFails) {
  EXPECT_EQ(Run(One({.body = Leaks})), 1);
  EXPECT_THAT(out_, ContainsRegex("test/one/only .* FAILED"));
  EXPECT_THAT(out_, HasSubstr("it must hold, and showed a leak"));
  EXPECT_THAT(out_, HasSubstr("ERROR: taskleak:")) << "and its report is there";
}

TEST_F(RunTest, FailsWhenALeakyVariantShowsSomethingElse) {
  EXPECT_EQ(Run(One({.body = Throws, .expected = kLeak})), 1);
  EXPECT_THAT(out_, HasSubstr("WRONG"));
  EXPECT_THAT(out_, ContainsRegex("expected a leak, got .*exception"));
  EXPECT_EQ(Run(One({.body = Leaks, .expected = Expectation{.operation = "chan recv"}})), 1);
  EXPECT_THAT(out_, HasSubstr("expected a task blocked in chan recv, got one in chan send"));
  EXPECT_EQ(Run(One({.body = Leaks, .expected = Expectation{.task = "worker-*"}})), 1);
  EXPECT_THAT(out_, HasSubstr("expected \"worker-*\" to stay, got \"helper\""));
  EXPECT_EQ(Run(One({.body = Leaks, .expected = Expectation{.task = "help*"}})), 0);
  EXPECT_EQ(Run(One({.body = Throws, .expected = Expectation{.kind = FailureKind::kException}})),
            0);
}

TEST_F(RunTest, AFolderOfOneLeakyVariantIsJudgedAsTheCatalogueIs) {
  EXPECT_EQ(Run(One({.body = Leaks, .expected = kLeak}), {"test"}), 0);
  EXPECT_EQ(Run(One({.body = Leaks, .expected = kLeak}), {"on?"}), 0);
  EXPECT_EQ(Run(One({.body = Leaks, .expected = kLeak}), {"one"}), 0);
}

TEST_F(RunTest, OneLeakyVariantNamedExactlyIsATestThatFails) {
  EXPECT_EQ(Run(Catalogue(), {"article/worker_pool/no_cancel"}), 1);
  EXPECT_THAT(out_, HasSubstr("ERROR: taskleak: 1 task never ended"));
  EXPECT_THAT(out_, HasSubstr("SUMMARY: taskleak:"));
  EXPECT_THAT(out_, Not(HasSubstr("as expected")));
}

TEST_F(RunTest, OneFixedVariantNamedExactlyIsATestThatHolds) {
  EXPECT_EQ(Run(Catalogue(), {"article/worker_pool/fixed"}), 0);
  EXPECT_THAT(out_, HasSubstr("No schedule failed.\n"));
  EXPECT_EQ(Run(One({.body = Leaks}), {"one/only"}), 1);
}

TEST_F(RunTest, AVariantsOwnOptionsHoldUnlessTheCommandSaysOtherwise) {
  Variant variant{.body = Holds};
  variant.options.schedules = 17;
  options_.schedules.reset();
  EXPECT_EQ(Run(One(variant)), 0);
  EXPECT_THAT(out_, HasSubstr(" 17 schedules "));
  options_.schedules = 23;
  EXPECT_EQ(Run(One(variant)), 0);
  EXPECT_THAT(out_, HasSubstr(" 23 schedules "));
  options_.schedules.reset();
  options_.seconds = 0.02;
  EXPECT_EQ(Run(One(variant)), 0);
  EXPECT_THAT(out_, Not(HasSubstr(" 17 schedules ")))
      << "with --seconds alone, time is the only limit";
}

TEST_F(RunTest, TheSeedIsTheCommands) {
  options_.seed = 1;
  Run(Catalogue(), {"early_return/unbuffered"});
  const std::string first = out_;
  Run(Catalogue(), {"early_return/unbuffered"});
  const auto found = [](const std::string& out) { return out.substr(out.find("(schedule ")); };
  EXPECT_EQ(found(out_), found(first));
}

TEST_F(RunTest, ReplaysOneSchedule) {
  Run(Catalogue(), {"early_return/unbuffered"});
  const std::size_t at = out_.find("--replay=") + 9;
  options_.replay = out_.substr(at, out_.find('\n', at) - at);
  EXPECT_EQ(Run(Catalogue(), {"article/early_return/unbuffered"}), 1);
  EXPECT_THAT(out_, ContainsRegex("unbuffered +1 schedule"));
  EXPECT_THAT(out_, HasSubstr("ERROR: taskleak: 1 task never ended"));
  // The fixed twin holds under it.
  EXPECT_EQ(Run(Catalogue(), {"article/early_return/fixed"}), 0);
  EXPECT_THAT(out_, HasSubstr("The schedule does not fail.\n"));
  // The empty schedule does not show it either.
  options_.replay = Schedule().Token();
  EXPECT_EQ(Run(Catalogue(), {"article/early_return/unbuffered"}), 0);
}

TEST_F(RunTest, AReplayNeedsOneVariant) {
  options_.replay = Schedule().Token();
  EXPECT_THROW(Run(Catalogue(), {"worker_pool"}), UsageError);
  EXPECT_THROW(Run(Catalogue()), UsageError);
  try {
    Run(Catalogue(), {"article"});
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--replay needs one variant"));
  }
}

TEST_F(RunTest, WrongUseIsRefusedBeforeAnythingRuns) {
  int runs = 0;
  const std::vector<Scenario> all = One({.body = [&runs] { ++runs; }});
  options_.replay = "t1.AAAA";
  EXPECT_THROW(Run(all, {"test/one/only"}), UsageError);
  options_.replay = "t2.AAAAAAAAAA";
  EXPECT_THROW(Run(all, {"test/one/only"}), UsageError);
  options_.replay.clear();
  EXPECT_THROW(Run(all, {"test/two"}), UsageError);
  setenv("TASKLEAK_SEEDS", "1", 1);
  EXPECT_THROW(Run(all, {"test/one"}), UsageError);
  unsetenv("TASKLEAK_SEEDS");
  EXPECT_EQ(runs, 0);
}

TEST_F(RunTest, StopsWhenAskedTo) {
  std::vector<Scenario> all = One({.body = [] { RequestStop(); }});
  all[0].variants.push_back(
      {.name = "never", .body = [] { ADD_FAILURE() << "it was stopped before"; }});
  EXPECT_EQ(Run(all), 1);
  ClearStop();
  EXPECT_THAT(out_, HasSubstr("stopped"));
  EXPECT_THAT(out_, HasSubstr("0 of 2 variants as expected; stopped before the end"));
}

TEST_F(RunTest, DrawsItsProgressOnATerminal) {
  options_.terminal = true;
  options_.width = 40;
  EXPECT_EQ(Run(One({.body = Holds})), 0);
  EXPECT_THAT(progress_, HasSubstr("test/one/only: starting"));
  EXPECT_THAT(progress_, HasSubstr("\r"));
  EXPECT_THAT(progress_, Not(HasSubstr("\n"))) << "over itself";
  EXPECT_TRUE(progress_.ends_with("\r\033[K")) << "and nothing of it stays";
}

}  // namespace
