// What --grow keeps, and what it says when it cannot.
#include "harness/cli/grow.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "harness/explore/corpus.h"
#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::Candidate;
using taskleak::internal::CatalogueOptions;
using taskleak::internal::CorpusFile;
using taskleak::internal::Cover;
using taskleak::internal::GrowCorpus;
using taskleak::internal::ReadCorpus;
namespace fs = std::filesystem;

void Ask(std::size_t room) {
  const auto answers = MakeChan<int>(room);
  Go("asker", [answers] { answers.Send(42); });
  if (EarlyReturn("out of time")) return;
  static_cast<void>(answers.Recv());
}

const std::vector<Scenario> kScenarios = {
    {.name = "a/ask",
     .summary = "",
     .variants = {{.name = "leaky",
                   .body = [] { Ask(0); },
                   .expected = Expectation{.operation = "chan send", .task = "asker"}},
                  {.name = "fixed", .body = [] { Ask(1); }},
                  {.name = "broken", .body = [] { Ask(0); }}}},
};

class Grow : public testing::Test {
 protected:
  Grow() {
    options_.corpus =
        (fs::temp_directory_path() / ("taskleak_grow_" + std::to_string(getpid()))).string();
    options_.schedules = 300;
  }
  ~Grow() override {
    fs::permissions(options_.corpus, fs::perms::owner_all, ignored_);
    fs::remove_all(options_.corpus, ignored_);
  }
  int Run(const std::string& variant) {
    options_.selectors = {"a/ask/" + variant};
    said_.str("");
    return GrowCorpus(kScenarios, options_, said_);
  }
  std::string FileOf(const std::string& variant) const {
    return options_.corpus + "/a/ask/" + variant + "/kept.schedule";
  }
  std::vector<Schedule> KeptOf(const std::string& variant) const {
    std::vector<Schedule> kept;
    for (const CorpusFile& file :
         ReadCorpus(options_.corpus + "/a/ask/" + variant, "a/ask/" + variant))
      kept.insert(kept.end(), file.schedules.begin(), file.schedules.end());
    return kept;
  }
  bool Says(const std::string& part) const { return said_.str().find(part) != std::string::npos; }

  CatalogueOptions options_;
  std::ostringstream said_;
  std::error_code ignored_;
};

TEST_F(Grow, KeepsTheShrunkScheduleOfALeak) {
  EXPECT_EQ(Run("leaky"), 0) << said_.str();
  EXPECT_TRUE(Says("1 added, 1 schedule kept")) << said_.str();
  const std::vector<Schedule> kept = KeptOf("leaky");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].size(), 1u);
  const ExploreResult shown = Replay([] { Ask(0); }, kept[0], {.quiet = true});
  EXPECT_TRUE(shown.failure.has_value());
}

TEST_F(Grow, KeepsAFewSchedulesOfWhatHoldsAndIsDoneThen) {
  EXPECT_EQ(Run("fixed"), 0) << said_.str();
  const std::vector<Schedule> kept = KeptOf("fixed");
  EXPECT_GE(kept.size(), 2u) << "with and without the early return";
  EXPECT_LE(kept.size(), 8u);
  for (const Schedule& schedule : kept)
    EXPECT_FALSE(Replay([] { Ask(1); }, schedule, {.quiet = true}).failure.has_value());
  // Again, with the same seed: nothing to add, and the file is left alone.
  const auto written = fs::last_write_time(FileOf("fixed"));
  EXPECT_EQ(Run("fixed"), 0);
  EXPECT_TRUE(Says("nothing new")) << said_.str();
  EXPECT_EQ(KeptOf("fixed"), kept);
  EXPECT_EQ(fs::last_write_time(FileOf("fixed")), written);
}

TEST_F(Grow, WritesNothingForWhatMustHoldAndDoesNot) {
  EXPECT_EQ(Run("broken"), 1);
  EXPECT_TRUE(Says("it must hold, and failed")) << said_.str();
  EXPECT_TRUE(Says("blocked in chan send")) << said_.str();
  EXPECT_FALSE(fs::exists(FileOf("broken")));
}

TEST_F(Grow, RecordsAnewWhatIsDamagedOrOfAnotherLayout) {
  ASSERT_EQ(Run("leaky"), 0);
  const std::vector<Schedule> kept = KeptOf("leaky");
  std::ofstream(FileOf("leaky"), std::ios::app) << "more\n";
  EXPECT_EQ(Run("leaky"), 0);
  EXPECT_TRUE(Says("something behind its last line") && Says("recorded anew")) << said_.str();
  EXPECT_EQ(KeptOf("leaky"), kept);
  internal::WriteCorpus(options_.corpus + "/a/ask/leaky", "a/ask/leaky", 1, kept);
  EXPECT_EQ(Run("leaky"), 0);
  EXPECT_TRUE(Says("for the body's new layout")) << said_.str();
}

TEST_F(Grow, SaysInASentenceThatAFileCannotBeWritten) {
  // A file stands where the folder belongs: so it is for root too, whom no permission stops.
  fs::create_directories(options_.corpus + "/a");
  std::ofstream(options_.corpus + "/a/ask") << "in the way";
  std::string why;
  try {
    Run("leaky");
  } catch (const UsageError& error) {
    why = error.what();
  }
  EXPECT_NE(why.find("cannot make the folder"), std::string::npos) << why << said_.str();
}

TEST(WriteCorpus, AFullDiskIsOneSentenceAndLeavesWhatWasThere) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const fs::path folder = fs::temp_directory_path() / ("taskleak_full_" + std::to_string(getpid()));
  internal::WriteCorpus(folder.string(), "a", 1, {});
  fs::create_symlink("/dev/full", folder / (".kept.schedule." + std::to_string(getpid())));
  std::string why;
  try {
    internal::WriteCorpus(folder.string(), "a", 1, {Schedule()});
  } catch (const UsageError& error) {
    why = error.what();
  }
  EXPECT_NE(why.find("No space left on device"), std::string::npos) << why;
  EXPECT_TRUE(ReadCorpus(folder.string(), "a").front().schedules.empty());
  fs::remove_all(folder);
}

TEST(Cover, IsSmallAndPrefersShortSchedules) {
  const Schedule one({{.op = 1, .kind = ScheduleEntry::Kind::kHold}});
  EXPECT_TRUE(Cover({}).empty());
  EXPECT_EQ(Cover({{Schedule(), {1}}, {Schedule(), {1, 2}}, {Schedule(), {2, 3}}}),
            (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(Cover({{one, {1, 2}}, {Schedule(), {1, 2}}}), (std::vector<std::size_t>{1}));
  EXPECT_EQ(Cover({{one, {1, 2}}, {one, {1, 2}}}), (std::vector<std::size_t>{0}));
}

}  // namespace
