// Which of the catalogue's fixed variants are proven in a test: those that are small enough. The
// exhaustive search also finds what is leaky beside them.
#include <gtest/gtest.h>

#include <string>

#include "taskleak/explore.h"
#include "taskleak/scenario.h"

namespace {

using taskleak::AllScenarios;
using taskleak::Explore;
using taskleak::ExploreOptions;
using taskleak::ExploreResult;
using taskleak::Scenario;
using taskleak::Strategy;
using taskleak::Variant;

ExploreResult SearchAll(const std::string& scenario_name, const std::string& variant_name) {
  for (const Scenario& scenario : AllScenarios()) {
    for (const Variant& variant : scenario.variants) {
      if (scenario.name != scenario_name || variant.name != variant_name) continue;
      ExploreOptions options = variant.options;
      options.strategy = Strategy::kExhaustive;
      options.schedules = 0;
      options.quiet = true;
      return Explore(variant.body, options);
    }
  }
  ADD_FAILURE() << "the catalogue has no " << scenario_name << "/" << variant_name;
  return {};
}

TEST(Proof, OfTheFixedTwinsOfTheEarlyReturn) {
  for (const char* variant : {"fixed_buffer", "fixed_context"}) {
    const ExploreResult result = SearchAll("article/early_return", variant);
    EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
    EXPECT_TRUE(result.exhausted) << variant << ": " << result.verdict;
  }
  EXPECT_TRUE(SearchAll("article/early_return", "leaky").failure.has_value());
}

// That with two jobs and timers at any time takes a minute: ci/fuzz worker_pool_small
// --strategy=exhaustive.
TEST(Proof, OfASmallPoolWithThreeJobs) {
  const ExploreResult result = SearchAll("article/worker_pool_small", "fixed_three_jobs");
  EXPECT_FALSE(result.failure.has_value()) << result.failure->Text();
  EXPECT_TRUE(result.exhausted) << result.verdict;
  EXPECT_TRUE(SearchAll("article/worker_pool_small", "leaky").failure.has_value());
}

}  // namespace
