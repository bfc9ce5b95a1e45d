// What is kept under corpus/ still shows what it was kept for, with every compiler and sanitizer: a
// leaky variant's schedules its failure, a fixed one's nothing.
#include "harness/explore/corpus.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/explore/fuzz_session.h"
#include "src/runtime/sanitizer.h"
#include "taskleak/explore.h"
#include "taskleak/scenario.h"

namespace {

using namespace taskleak;
using taskleak::internal::CorpusFile;
namespace fs = std::filesystem;

const std::string kCorpus = std::string(TASKLEAK_SOURCE_DIR) + "/corpus";

template <class F>
void ForEachVariant(const F& f) {
  for (const Scenario& scenario : AllScenarios())
    for (const Variant& variant : scenario.variants) f(scenario.name + "/" + variant.name, variant);
}

// A body that is smaller under the sanitizers has another layout there.
bool HasOneLayout(const Variant& variant) {
  return !internal::kSanitized || variant.options.schedules >= ExploreOptions().schedules;
}

TEST(Corpus, EveryVariantsSchedulesShowWhatTheyWereKeptFor) {
  ForEachVariant([](const std::string& name, const Variant& variant) {
    // There ThreadSanitizer would end the test with its report: ci/race.cmake runs those.
    if (!HasOneLayout(variant) || (internal::kTsan && variant.races)) return;
    const std::vector<CorpusFile> files = internal::ReadCorpus(kCorpus + "/" + name, name);
    ExploreOptions options = variant.options;
    options.quiet = true;
    options.name = name;
    const std::string mend = "record it again with ci/fuzz --grow " + name;
    EXPECT_FALSE(files.empty()) << name << " has no schedules: " << mend;
    for (const CorpusFile& file : files) {
      if (file.layout.has_value()) {
        EXPECT_EQ(*file.layout, internal::LayoutOf(variant.body, options))
            << internal::LayoutChanged(file.path, mend);
      }
      EXPECT_FALSE(file.schedules.empty()) << file.path;
      std::set<std::string> shown;
      for (const Schedule& schedule : file.schedules) {
        const ExploreResult result = Replay(variant.body, schedule, options);
        ASSERT_EQ(result.failure.has_value(), variant.expected.has_value())
            << file.path << ": " << schedule.Token()
            << (result.failure.has_value() ? "\n" + result.failure->Text() : std::string());
        if (!result.failure.has_value()) continue;
        EXPECT_EQ(Mismatch(*variant.expected, *result.failure), std::nullopt) << file.path;
        shown.insert(result.failure->Identity());
      }
      if (!file.layout.has_value()) continue;  // A bare payload says nothing of what it shows.
      // The same failure as in the build that recorded it: operation for operation.
      EXPECT_EQ(shown, std::set<std::string>(file.shows.begin(), file.shows.end()))
          << file.path << ": " << mend;
    }
  });
}

// A scenario that was renamed leaves a folder that nobody would replay.
TEST(Corpus, HasNoFolderThatIsNobodys) {
  std::set<std::string> known;
  ForEachVariant([&](const std::string& name, const Variant&) { known.insert(name); });
  for (const auto& entry : fs::recursive_directory_iterator(kCorpus)) {
    if (!entry.is_regular_file()) continue;
    const std::string folder = fs::relative(entry.path().parent_path(), kCorpus).string();
    EXPECT_TRUE(known.contains(folder)) << entry.path() << " belongs to no variant; take it away";
  }
}

}  // namespace
