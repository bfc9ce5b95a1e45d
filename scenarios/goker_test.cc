// The bugs from the field against the budgets that the project sets itself. Schedules are counted,
// so that no machine is too slow for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "taskleak/explore.h"
#include "taskleak/scenario.h"

namespace {

using namespace taskleak;

struct Bug {
  const Scenario* scenario = nullptr;
  const Variant* leaky = nullptr;
  std::string name;
};

// The leaky variants of a folder.
std::vector<Bug> BugsOf(const std::string& folder) {
  std::vector<Bug> bugs;
  for (const Scenario& scenario : AllScenarios())
    for (const Variant& variant : scenario.variants)
      if (scenario.name.starts_with(folder) && variant.expected.has_value())
        bugs.push_back({&scenario, &variant, scenario.name + "/" + variant.name});
  return bugs;
}

ExploreResult Search(const Bug& bug, std::uint64_t seed, Duration shrink_budget) {
  ExploreOptions options = bug.leaky->options;
  options.name = bug.name;
  options.quiet = true;
  options.seed = seed;
  options.shrink_budget = shrink_budget;
  return Explore(bug.leaky->body, options);
}

std::string LineOf(const std::string& path, int line) {
  std::ifstream in(path);
  std::string text;
  for (int i = 0; i < line && std::getline(in, text); ++i) {
  }
  return text;
}

// Property: the default strategy finds each with every one of twenty seeds; half of the seeds need
// at most 30 schedules, nearly always at most 3.
TEST(Goker, EachIsFoundSoonWithEverySeed) {
  const std::vector<Bug> bugs = BugsOf("goker/");
  std::size_t at_once = 0;
  std::uint64_t sum = 0;
  for (const Bug& bug : bugs) {
    SCOPED_TRACE(bug.name);
    std::vector<std::uint64_t> schedules;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const ExploreResult result = Search(bug, seed, Duration(0));
      EXPECT_TRUE(result.failure.has_value()) << "seed " << seed;
      schedules.push_back(result.schedules);
    }
    std::sort(schedules.begin(), schedules.end());
    const std::uint64_t median = schedules[schedules.size() / 2];
    EXPECT_LE(median, 30u);
    sum += median;
    at_once += median <= 3 ? 1 : 0;
  }
  EXPECT_EQ(bugs.size(), 47u);
  EXPECT_GE(at_once, 40u);
  EXPECT_LT(sum, 150u);
}

// Property: the report's first group stands at the line that is to blame, which its source marks.
TEST(Goker, TheReportBeginsWithTheLineToBlame) {
  for (const char* folder : {"goker/", "patterns/"}) {
    for (const Bug& bug : BugsOf(folder)) {
      SCOPED_TRACE(bug.name);
      const ExploreResult result = Search(bug, 1, ExploreOptions().shrink_budget);
      ASSERT_TRUE(result.failure.has_value());
      const std::string summary = result.failure->Summary();
      const std::string file = bug.scenario->name.substr(bug.scenario->name.rfind('/') + 1) + ".cc";
      const std::size_t at = summary.find("(" + file + ":");
      ASSERT_NE(at, std::string::npos) << summary;
      const int line = std::stoi(summary.substr(at + file.size() + 2));
      EXPECT_NE(LineOf(std::string(TASKLEAK_SOURCE_DIR) + "/scenarios/" + bug.scenario->name + ".cc",
                       line)
                    .find("// Stuck:"),
                std::string::npos)
          << result.failure->Text();
    }
  }
}

// A bug says where it comes from.
TEST(Goker, EachHasItsOrigin) {
  for (const Bug& bug : BugsOf("goker/")) {
    SCOPED_TRACE(bug.name);
    EXPECT_NE(bug.scenario->origin.category, "");
    EXPECT_NE(bug.scenario->origin.trigger, "");
    EXPECT_NE(bug.scenario->origin.natively, "");
  }
}

}  // namespace
