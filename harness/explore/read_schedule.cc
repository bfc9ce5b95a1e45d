#include "harness/explore/read_schedule.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "fuzz/kept.h"
#include "fuzz/script.h"
#include "harness/explore/fuzz_session.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

std::string ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad())
    throw UsageError("cannot read " + path + ": " + std::strerror(errno));
  return text;
}

Schedule FromText(const Body& body, const std::string& text, ExploreOptions options) {
  Script script(text);
  options.max_steps = script.max_steps();
  options.faults = script.faults();
  options.quiet = true;
  FuzzSession session(body, std::move(options), {});
  session.Run(script, script.observer());
  if (const std::vector<std::string> unused = script.Unused(); !unused.empty())
    throw UsageError("the run did not come to \"" + unused.front() +
                     "\", or it was not possible there; correct that line, or take it out");
  return session.schedule();
}

}  // namespace

Schedule ReadSchedule(const Body& body, const std::string& what, ExploreOptions options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(what, error)) return Schedule::FromToken(what);
  std::string text = ReadFile(what);
  try {
    if (text.starts_with("taskleak schedules ")) {
      std::vector<Schedule> kept = ReadKept(text).schedules;
      if (kept.size() != 1)
        throw UsageError("it holds " + std::to_string(kept.size()) +
                         " schedules; name one of its tokens");
      return std::move(kept.front());
    }
    // A report's .token file holds the whole line to replay it with.
    const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
    const std::size_t token = line.starts_with("t1.") ? 0 : line.find("=t1.");
    if (token != std::string_view::npos) {
      const std::size_t begin = token == 0 ? 0 : token + 1;
      return Schedule::FromToken(line.substr(begin, line.find(' ', begin) - begin));
    }
    return FromText(body, text, std::move(options));
  } catch (const UsageError& refused) {
    throw UsageError(what + ": " + refused.what());
  }
}

}  // namespace taskleak::internal
