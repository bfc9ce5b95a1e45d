// The catalogue as a test: every leaky variant is found, with what it is expected to show, and its
// schedule replays to the same report; every fixed one holds. And one seed gives one sequence of
// traces in every build flavour.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "src/runtime/sanitizer.h"
#include "taskleak/explore.h"
#include "taskleak/scenario.h"

namespace {

using taskleak::AllScenarios;
using taskleak::Explore;
using taskleak::ExploreOptions;
using taskleak::ExploreResult;
using taskleak::Failure;
using taskleak::Scenario;
using taskleak::Variant;

ExploreOptions OptionsOf(const Scenario& scenario, const Variant& variant) {
  ExploreOptions options = variant.options;
  options.name = scenario.name + "/" + variant.name;
  options.quiet = true;
  return options;
}

// A flood's run is a million operations; a pool's is seventy. A scenario that limits its schedules
// is of the first kind.
bool IsLarge(const Variant& variant) {
  return variant.options.schedules < ExploreOptions().schedules;
}

// Where ThreadSanitizer would end the test with its report: ci/race.cmake runs those.
bool IsForTsan(const Variant& variant) { return taskleak::internal::kTsan && variant.races; }

TEST(Catalogue, HoldsScenarios) { EXPECT_GE(AllScenarios().size(), 5u); }

TEST(Catalogue, LeakyVariantsShowWhatIsExpectedAndReplayToTheSameReport) {
  for (const Scenario& scenario : AllScenarios()) {
    for (const Variant& variant : scenario.variants) {
      if (!variant.expected.has_value()) continue;
      SCOPED_TRACE(scenario.name + "/" + variant.name);
      const ExploreOptions options = OptionsOf(scenario, variant);
      const ExploreResult result = Explore(variant.body, options);
      ASSERT_TRUE(result.failure.has_value()) << "missed in " << result.schedules << " schedules";
      const Failure& found = *result.failure;
      EXPECT_EQ(Mismatch(*variant.expected, found), std::nullopt) << found.Text();
      EXPECT_TRUE(found.minimal) << found.Text();
      EXPECT_LE(found.schedule.size(), 3u) << found.Text();
      // The round trip. What the search knows and a replay cannot is taken over.
      const ExploreResult replayed = Replay(variant.body, found.schedule, options);
      ASSERT_TRUE(replayed.failure.has_value());
      Failure again = *replayed.failure;
      again.found_after = found.found_after;
      again.out_of = found.out_of;
      again.minimal = found.minimal;
      again.entries_before_shrinking = found.entries_before_shrinking;
      EXPECT_EQ(again.Text(), found.Text());
      EXPECT_EQ(again.trace.hash, found.trace.hash);
    }
  }
}

// The design's budgets: the two leaks that a random walk finds late are found by the default
// strategy with every one of twenty seeds, and by half of them this soon. Schedules are counted, so
// that no machine is too slow for it.
TEST(Catalogue, TheRarestLeaksAreFoundSoon) {
  const std::map<std::string, std::uint64_t> budgets = {{"article/worker_pool_hard/leaky", 100},
                                                        {"article/worker_pool_rare/leaky", 30}};
  std::size_t measured = 0;
  for (const Scenario& scenario : AllScenarios()) {
    for (const Variant& variant : scenario.variants) {
      ExploreOptions options = OptionsOf(scenario, variant);
      const auto budget = budgets.find(options.name);
      if (budget == budgets.end()) continue;
      SCOPED_TRACE(options.name);
      ++measured;
      options.shrink_budget = std::chrono::seconds(0);
      std::vector<std::uint64_t> schedules;
      for (options.seed = 1; options.seed <= 20; ++options.seed) {
        const ExploreResult result = Explore(variant.body, options);
        EXPECT_TRUE(result.failure.has_value()) << "seed " << options.seed;
        schedules.push_back(result.schedules);
      }
      std::sort(schedules.begin(), schedules.end());
      EXPECT_LE(schedules[schedules.size() / 2], budget->second);
    }
  }
  EXPECT_EQ(measured, budgets.size());
}

// A twin and a seed. One test for each, since under the sanitizers a run costs up to a hundred
// times as much.
struct Twin {
  const Scenario* scenario;
  const Variant* variant;
  std::uint64_t seed;

  friend void PrintTo(const Twin& twin, std::ostream* out) {
    *out << twin.scenario->name << "/" << twin.variant->name << ", seed " << twin.seed;
  }
};

class FixedVariant : public testing::TestWithParam<Twin> {};

TEST_P(FixedVariant, Holds) {
  const Variant& variant = *GetParam().variant;
  ExploreOptions options = OptionsOf(*GetParam().scenario, variant);
  options.seed = GetParam().seed;
  options.schedules = IsLarge(variant) ? 2 : 3000;
  const ExploreResult result = Explore(variant.body, options);
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
  EXPECT_EQ(result.abandoned, 0u);
}

std::vector<Twin> Twins() {
  std::vector<Twin> twins;
  for (const Scenario& scenario : AllScenarios())
    for (const Variant& variant : scenario.variants)
      for (const std::uint64_t seed : {1, 2, 3})
        if (!variant.expected.has_value() && !IsForTsan(variant))
          twins.push_back({&scenario, &variant, seed});
  return twins;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, FixedVariant, testing::ValuesIn(Twins()),
                         [](const testing::TestParamInfo<Twin>& info) {
                           std::string name = info.param.scenario->name + "_" +
                                              info.param.variant->name + "_seed" +
                                              std::to_string(info.param.seed);
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

// Property: for one seed, the traces of the first 200 schedules are the same in every build:
// release, gcc, asan, tsan. The file holds what they are; when it changes, so does what recorded
// schedules mean, and the changelog says so. To regenerate it, run this test with
// REGENERATE_TRACE_HASHES=1 in the environment.
TEST(Catalogue, TracesAreTheSameInEveryBuild) {
  const std::string path = std::string(TASKLEAK_SOURCE_DIR) + "/scenarios/trace_hashes.txt";
  std::map<std::string, std::uint64_t> found;
  for (const Scenario& scenario : AllScenarios()) {
    for (const Variant& variant : scenario.variants) {
      if (variant.races) continue;
      if (IsLarge(variant)) continue;  // Its size differs under the sanitizers.
      ExploreOptions options = OptionsOf(scenario, variant);
      options.strategy = taskleak::Strategy::kRandom;
      options.schedules = 200;
      options.keep_going = true;
      options.shrink_budget = std::chrono::seconds(0);
      found[options.name] = Explore(variant.body, options).trace_hash;
    }
  }
  if (std::getenv("REGENERATE_TRACE_HASHES") != nullptr) {
    std::ofstream out(path);
    for (const auto& [name, hash] : found) out << name << ' ' << hash << '\n';
    return;
  }
  std::ifstream in(path);
  std::map<std::string, std::uint64_t> expected;
  std::string name;
  for (std::uint64_t hash = 0; in >> name >> hash;) expected[name] = hash;
  EXPECT_EQ(found, expected);
}

}  // namespace
