#include "harness/gtest/fuzz_arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <span>

#include "harness/explore/environment.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

constexpr std::string_view kWithValue[] = {"fuzz",   "fuzz_for",  "fuzz_feedback", "replay",
                                           "corpus", "schedules", "seconds",       "seed"};
constexpr std::string_view kWithout[] = {"list_fuzz_tests", "version", "help"};

bool Has(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The flag that was probably meant; empty if none is like it.
std::string_view Like(std::string_view name) {
  std::string_view best;
  std::size_t least = 3;
  for (const auto& names : {std::span<const std::string_view>(kWithValue),
                            std::span<const std::string_view>(kWithout)}) {
    for (const std::string_view known : names) {
      const std::size_t distance = EditDistance(name, known);
      if (distance >= least || distance * 2 > known.size()) continue;
      least = distance;
      best = known;
    }
  }
  return best;
}

std::uint64_t Whole(std::string_view flag, std::string_view text, std::uint64_t least) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < least)
    throw UsageError("--" + std::string(flag) + " takes a whole number" +
                     (least > 0 ? " above 0" : "") + ", not \"" + std::string(text) + "\"");
  return value;
}

double Seconds(std::string_view flag, std::string_view text) {
  const std::optional<double> seconds = ParseDuration(text);
  if (!seconds.has_value())
    throw UsageError("--" + std::string(flag) +
                     " takes a time above 0, as 10s, 2m or 1h30m, not \"" + std::string(text) +
                     "\"");
  return *seconds;
}

void CheckTest(const std::string& name, const std::vector<std::string>& tests) {
  if (std::find(tests.begin(), tests.end(), name) != tests.end()) return;
  std::string nearest;
  std::size_t least = std::max<std::size_t>(3, name.size() / 3) + 1;
  for (const std::string& test : tests) {
    const std::size_t distance = EditDistance(name, test);
    if (distance >= least) continue;
    least = distance;
    nearest = test;
  }
  throw UsageError("this binary has no fuzz test " + name +
                   (tests.empty()     ? "; TASKLEAK_FUZZ_TEST makes one"
                    : nearest.empty() ? "; --list_fuzz_tests shows those that it has"
                                      : "; did you mean " + nearest + "?"));
}

void SetValue(FuzzArguments& arguments, std::string_view name, std::string_view value) {
  if (value.empty())
    throw UsageError("--" + std::string(name) + " wants a value: --" + std::string(name) +
                     "=…; --help says which");
  if (name == "fuzz") arguments.fuzz = value;
  if (name == "fuzz_for") arguments.fuzz_for = Seconds(name, value);
  if (name == "replay") arguments.replay = value;
  if (name == "corpus") arguments.corpus = value;
  if (name == "schedules") arguments.schedules = Whole(name, value, 1);
  if (name == "seconds") arguments.seconds = Seconds(name, value);
  if (name == "seed") arguments.seed = Whole(name, value, 0);
  if (name == "fuzz_feedback") {
    if (value != "on" && value != "off")
      throw UsageError("--fuzz_feedback is on or off, not \"" + std::string(value) + "\"");
    arguments.feedback = value == "on";
  }
}

}  // namespace

const char kFuzzHelp[] =
    R"(This binary has fuzz tests of taskleak's: each replays the schedules kept for it, then explores new ones.

  --schedules=N            explore so many schedules in each fuzz test, instead of 1,000
  --seconds=N              and for so long, instead of 5 seconds
  --seed=N                 where the search begins; the same seed gives the same schedules
  --corpus=DIR             kept schedules are in DIR/Suite.Name/; also TASKLEAK_CORPUS in the environment
  --replay=TOKEN_OR_FILE   run one schedule only, as a report or a crash file gives it; where there are several
                           fuzz tests, together with --gtest_filter=Suite.Name
  --list_fuzz_tests        name the fuzz tests and end
  --fuzz=Suite.Name        run this test's body under libFuzzer; what follows -- goes to it, as -- -runs=100000 DIR
  --fuzz_for=10s           for so long; without --fuzz, the same as --seconds
  --version                name taskleak's version and end

)";

std::optional<double> ParseDuration(std::string_view text) {
  const std::string copy(text);
  const char* rest = copy.c_str();
  double seconds = 0;
  bool plain = false;
  if (*rest == '\0') return std::nullopt;
  while (*rest != '\0') {
    if ((*rest < '0' || *rest > '9') && *rest != '.') return std::nullopt;
    char* end = nullptr;
    const double number = std::strtod(rest, &end);
    std::string_view unit(end);
    unit = unit.substr(0, unit.find_first_of("0123456789."));
    double scale = 1;
    if (unit == "ms")
      scale = 1e-3;
    else if (unit == "m")
      scale = 60;
    else if (unit == "h")
      scale = 3600;
    else if (unit.empty())
      plain = true;
    else if (unit != "s")
      return std::nullopt;
    if (end == rest || (plain && rest != copy.c_str())) return std::nullopt;
    seconds += number * scale;
    rest = end + unit.size();
  }
  if (!(seconds > 0) || seconds > 1e9) return std::nullopt;
  return seconds;
}

FuzzArguments ParseFuzzArguments(const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& tests) {
  FuzzArguments parsed;
  parsed.all = arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--" && i > 0) break;
    if (i == 0 || !argument.starts_with("--") || argument.starts_with("--gtest_")) {
      parsed.rest.emplace_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string_view name =
        argument.substr(2, equals == std::string_view::npos ? std::string_view::npos : equals - 2);
    if (Has(kWithValue, name)) {
      SetValue(parsed, name,
               equals == std::string_view::npos ? std::string_view() : argument.substr(equals + 1));
    } else if (Has(kWithout, name)) {
      if (equals != std::string_view::npos)
        throw UsageError("--" + std::string(name) + " takes no value");
      parsed.list |= name == "list_fuzz_tests";
      parsed.version |= name == "version";
      parsed.help |= name == "help";
      if (name == "help") parsed.rest.emplace_back(argument);
    } else if (const std::string_view like = Like(name);
               !like.empty() || name.starts_with("fuzz") || name.starts_with("list_fuzz")) {
      throw UsageError("there is no flag --" + std::string(name) +
                       (like.empty() ? "; --help shows those that there are"
                                     : "; did you mean --" + std::string(like) + "?"));
    } else {
      parsed.rest.emplace_back(argument);
    }
  }
  if (!parsed.fuzz.empty()) CheckTest(parsed.fuzz, tests);
  if (!parsed.fuzz.empty() && !parsed.replay.empty())
    throw UsageError(
        "--fuzz and --replay do not go together: --replay with "
        "--gtest_filter=" +
        parsed.fuzz + " runs one schedule");
  return parsed;
}

}  // namespace taskleak::internal
