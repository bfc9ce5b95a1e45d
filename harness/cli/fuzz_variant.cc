#include "harness/cli/fuzz_variant.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "fuzz/libfuzzer/driver.h"
#include "harness/cli/catalogue.h"
#include "harness/explore/fuzz_session.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

constexpr std::string_view kFound = "libFuzzer found it in run ";
constexpr int kWrongUsage = 2;

}  // namespace

int FuzzVariantCommand(int argc, const char* const* argv, const std::vector<Scenario>& all) {
  if (!HasLibFuzzer()) {
    std::cerr << "this build has no libFuzzer; the preset fuzz has\n";
    return kWrongUsage;
  }
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() < 2) {
    std::cerr << "name the variant to fuzz in full\n";
    return kWrongUsage;
  }
  const Selection selection = Select(all, {arguments[1]});
  if (selection.variants.size() != 1) {
    std::cerr << "\"" << arguments[1] << "\" is not the full name of one variant\n";
    return kWrongUsage;
  }
  ExploreOptions options = selection.variants.front().variant->options;
  options.name = selection.variants.front().full_name();
  options.schedules = 0;
  options.shrink_budget = Duration(0);
  options.quiet = true;
  std::vector<std::string> flags = {arguments[0]};
  flags.insert(flags.end(), arguments.begin() + 2, arguments.end());
  FuzzSession session(selection.variants.front().variant->body, std::move(options),
                      ExtraCounters());
  RunLibFuzzer(flags, {.run = [&](std::string_view payload) { return session.RunPayload(payload); },
                       .explain =
                           [&] {
                             std::cout << kFound << session.runs() << std::endl;
                             return session.Explain().schedule.Encode();
                           },
                       .at_end = [] {},
                       .decisions = &session.decisions()});
}

std::optional<std::uint64_t> RunsUntilLibFuzzerFinds(const std::string& binary,
                                                     const std::string& variant, std::uint64_t seed,
                                                     std::uint64_t runs) {
  // None has a quote in it: paths of ours, and a scenario's name.
  const std::filesystem::path crash =
      std::filesystem::temp_directory_path() / ("taskleak-libfuzzer-" + std::to_string(getpid()));
  const std::string command = "'" + binary + "' --libfuzzer '" + variant +
                              "' -seed=" + std::to_string(seed) + " -runs=" + std::to_string(runs) +
                              " -exact_artifact_path='" + crash.string() +
                              "' -detect_leaks=0 2>/dev/null";
  const auto close = [](std::FILE* pipe) { pclose(pipe); };
  std::unique_ptr<std::FILE, decltype(close)> pipe(popen(command.c_str(), "r"), close);
  if (pipe == nullptr) throw UsageError("cannot start " + binary);
  std::string output;
  std::array<char, 256> chunk{};
  while (std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe.get()) != nullptr)
    output += chunk.data();
  const int status = pclose(pipe.release());
  std::error_code none_written;
  std::filesystem::remove(crash, none_written);
  if (const std::size_t found = output.find(kFound); found != std::string::npos)
    return std::stoull(output.substr(found + kFound.size()));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  throw UsageError("'" + command + "' ended without an answer; run it by hand to see why");
}

}  // namespace taskleak::internal
