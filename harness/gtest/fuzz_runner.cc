// What a fuzz test does, and how its binary is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fuzz/libfuzzer/driver.h"
#include "harness/explore/corpus.h"
#include "harness/explore/environment.h"
#include "harness/explore/fuzz_session.h"
#include "harness/explore/read_schedule.h"
#include "harness/gtest/assertions.h"
#include "harness/gtest/fuzz_arguments.h"
#include "harness/gtest/fuzz_seeds.h"
#include "taskleak/error.h"
#include "taskleak/fuzz_test.h"

namespace taskleak {
namespace internal {
namespace {

constexpr std::uint64_t kSchedules = 1000;
constexpr double kSeconds = 5;

std::vector<std::string>& Names() {
  static auto* const names = new std::vector<std::string>;
  return *names;
}

// Nothing before InitFuzzTests.
std::optional<FuzzArguments>& Arguments() {
  static auto* const arguments = new std::optional<FuzzArguments>;
  return *arguments;
}

[[noreturn]] void EndWith(const std::string& sentence) {
  std::fprintf(stderr, "taskleak: %s\n", sentence.c_str());
  std::exit(2);
}

// A main that does not know our flags would leave them unread, and test something else than asked.
bool MainKnowsUs() {
  if (Arguments().has_value()) return true;
  const std::vector<std::string> arguments = testing::internal::GetArgvs();
  bool has_ours = false;
  try {
    has_ours = ParseFuzzArguments(arguments, Names()).rest.size() != arguments.size();
  } catch (const UsageError&) {
    has_ours = true;  // Or what was meant for one.
  }
  if (!has_ours) return true;
  ADD_FAILURE()
      << "taskleak: there are flags for fuzz tests on the command line, and this binary's "
         "main does not read them: link taskleak::gtest_main in place of "
         "GTest::gtest_main, or call taskleak::InitFuzzTests in your main";
  return false;
}

std::string CorpusFolder(const FuzzArguments& arguments, const char* baked,
                         const std::string& test) {
  if (!arguments.corpus.empty()) return arguments.corpus + "/" + test;
  if (const auto from_environment = ReadEnvironment().corpus; from_environment.has_value())
    return *from_environment + "/" + test;
  if (baked != nullptr) return std::string(baked) + "/" + test;
  return FindCorpus(test);
}

void Judge(const ExploreResult& result, const std::string& where) {
  if (!result.failure.has_value()) return;
  ADD_FAILURE() << where << result.failure->Text();
}

// True: nothing failed.
bool ReplayAll(const std::vector<CorpusFile>& files, const Body& body,
               const ExploreOptions& options) {
  std::optional<std::uint64_t> layout;
  for (const CorpusFile& file : files) {
    if (file.layout.has_value()) {
      if (!layout.has_value()) layout = LayoutOf(body, options);
      // Every schedule is still one, and a mended body has another layout: no failure.
      if (*file.layout != *layout)
        std::printf("taskleak: %s\n",
                    LayoutChanged(file.path, "find it again with --fuzz, or take it away").c_str());
    }
    for (const Schedule& schedule : file.schedules) {
      Judge(Replay(body, schedule, options), "with a schedule of " + file.path + ":\n");
      if (testing::Test::HasFailure() || testing::Test::IsSkipped()) return false;
    }
  }
  return true;
}

[[noreturn]] void Fuzz(const FuzzArguments& arguments, const std::vector<CorpusFile>& corpus,
                       const Body& body, ExploreOptions options) {
  std::vector<std::string> all = arguments.all;
  if (arguments.fuzz_for.has_value()) {
    const auto seconds = static_cast<long long>(*arguments.fuzz_for + 0.999);
    all.push_back("-max_total_time=" + std::to_string(seconds));
  }
  std::optional<SeedFiles> seeds;
  if (WantsSeeds(all)) {
    seeds.emplace(corpus);
    if (!seeds->flag().empty()) all.push_back(seeds->flag());
  }
  options.schedules = 0;
  if (!ParseLibFuzzerFlags(all).shrinks) options.shrink_budget = Duration(0);
  FuzzSession session(body, std::move(options),
                      arguments.feedback ? ExtraCounters() : std::span<std::uint8_t>());
  RunLibFuzzer(all, {.run = [&](std::string_view payload) { return session.RunPayload(payload); },
                     .explain = [&] { return session.Explain().schedule.Encode(); },
                     .at_end =
                         [&] {
                           if (seeds.has_value()) seeds->Remove();
                         },
                     .decisions = &session.decisions()});
}

// What a report leaves beside itself, not a corpus file.
bool IsText(const std::string& file) {
  return file.ends_with(".script") || file.ends_with(".token");
}

}  // namespace

void AddFuzzTest(const char* suite, const char* name) {
  Names().push_back(std::string(suite) + "." + name);
}

void RunFuzzTest(const char* corpus_dir, const Body& body) {
  if (!MainKnowsUs()) return;
  const FuzzArguments arguments = Arguments().value_or(FuzzArguments());
  const std::string test = RunningTest();
  try {
    ExploreOptions options;
    options.seed = arguments.seed;
    options.name = test;
    const auto corpus = [&] { return ReadCorpus(CorpusFolder(arguments, corpus_dir, test), test); };
    if (!arguments.fuzz.empty()) Fuzz(arguments, corpus(), body, options);
    if (!arguments.replay.empty()) {
      std::error_code error;
      if (std::filesystem::exists(arguments.replay, error) && !IsText(arguments.replay))
        ReplayAll({ReadCorpusFile(arguments.replay, test)}, body, options);
      else
        Judge(Replay(body, ReadSchedule(body, arguments.replay, options), options), "");
      return;
    }
    if (!ReadEnvironment().replay.has_value() &&  // Then Explore replays that one.
        !ReplayAll(corpus(), body, options))
      return;
    const bool no_limit = arguments.seconds.has_value() || arguments.fuzz_for.has_value();
    options.schedules = arguments.schedules.value_or(no_limit ? 0 : kSchedules);
    options.budget = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(
        arguments.seconds.value_or(arguments.fuzz_for.value_or(kSeconds))));
    Judge(Explore(body, options), "");
  } catch (const UsageError& error) {
    ADD_FAILURE() << "taskleak: " << error.what();
  }
}

}  // namespace internal

void InitFuzzTests(int* argc, char*** argv) {
  using namespace internal;
  FuzzArguments arguments;
  const std::vector<std::string> all(*argv, *argv + *argc);
  try {
    ReadEnvironment();
    arguments = ParseFuzzArguments(all, Names());
  } catch (const UsageError& error) {
    EndWith(error.what());
  }
  if (arguments.version) {
    std::printf("taskleak %s\n", TASKLEAK_VERSION);
    std::exit(0);
  }
  if (arguments.list) {
    for (const std::string& name : Names()) std::printf("%s\n", name.c_str());
    std::exit(0);
  }
  if (arguments.help && !Names().empty()) std::fputs(kFuzzHelp, stdout);
  std::error_code error;
  if (!arguments.corpus.empty() && !std::filesystem::is_directory(arguments.corpus, error))
    EndWith("--corpus=" + arguments.corpus + " is no folder");
  if (!arguments.fuzz.empty() && !HasLibFuzzer())
    EndWith(
        "--fuzz needs a build with libFuzzer, and this is none: build it and taskleak with clang "
        "and -fsanitize=fuzzer-no-link,address in CMAKE_CXX_FLAGS (taskleak's own preset is "
        "\"fuzz\"); without it, --schedules=N and --seconds=N explore");
  if (!arguments.replay.empty()) {
    std::string filter;
    for (const std::string& argument : arguments.rest)
      if (argument.starts_with("--gtest_filter="))
        filter = argument.substr(std::string_view("--gtest_filter=").size());
    if (filter.empty() && Names().size() == 1) {
      filter = Names().front();
      arguments.rest.push_back("--gtest_filter=" + filter);
    }
    if (std::find(Names().begin(), Names().end(), filter) == Names().end())
      EndWith(
          "--replay needs one fuzz test to replay in: name it with --gtest_filter=Suite.Name; "
          "--list_fuzz_tests shows those that there are");
  }
  // argv keeps its array: fewer or as many words, but for the filter added above.
  static std::vector<std::string> words;
  static std::vector<char*> pointers;
  words = arguments.rest;
  pointers.clear();
  for (std::string& word : words) pointers.push_back(word.data());
  *argc = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  *argv = pointers.data();
  Arguments() = std::move(arguments);
}

int RunTests() {
  const auto& arguments = internal::Arguments();
  if (arguments.has_value() && !arguments->fuzz.empty()) {
    GTEST_FLAG_SET(filter, arguments->fuzz);
    GTEST_FLAG_SET(also_run_disabled_tests, true);
  }
  return RUN_ALL_TESTS();
}

}  // namespace taskleak
