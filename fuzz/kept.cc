#include "fuzz/kept.h"

#include <charconv>
#include <cstdio>
#include <optional>

#include "fuzz/checksum.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

constexpr std::string_view kFormat = "taskleak schedules ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kShows = "shows ";

std::string LastLine(std::string_view before, std::size_t count) {
  char line[48];
  std::snprintf(line, sizeof(line), "end %zu %08x\n", count, Checksum(before));
  return line;
}

[[noreturn]] void Refuse(const std::string& why) { throw UsageError(why); }

// The rest of a line that begins with `word` and a space.
std::string_view Field(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ')
    Refuse("has no line \"" + std::string(word) + " …\" where one belongs; record it again");
  return line.substr(word.size() + 1);
}

}  // namespace

std::string WriteKept(const KeptSchedules& kept) {
  char layout[24];
  std::snprintf(layout, sizeof(layout), "%016llx", static_cast<unsigned long long>(kept.layout));
  std::string text = std::string(kFormat) + std::string(kVersion) + "\nbody " + kept.body +
                     "\nlayout " + layout + "\n";
  for (const std::string& shown : kept.shows) text += std::string(kShows) + shown + "\n";
  for (Schedule schedule : kept.schedules) {
    schedule.layout = 0;
    text += schedule.Token() + "\n";
  }
  return text + LastLine(text, kept.schedules.size());
}

KeptSchedules ReadKept(std::string_view text) {
  // A checkout may have changed the ends of lines.
  std::string unix_text;
  unix_text.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n')
      unix_text.push_back(text[i]);
  std::string_view rest(unix_text);
  const auto next_line = [&rest]() -> std::optional<std::string_view> {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return line;
  };
  const auto line_or_refuse = [&]() {
    const auto line = next_line();
    if (!line.has_value())
      Refuse(
          "is cut short: its last line, \"end …\", is missing; restore it from your repository, "
          "or record it again");
    return *line;
  };
  if (!rest.starts_with(kFormat))
    Refuse("is no file of kept schedules: one begins with \"taskleak schedules 1\"");
  if (const std::string_view version = line_or_refuse().substr(kFormat.size()); version != kVersion)
    Refuse("is of version " + std::string(version.substr(0, 16)) +
           ", and this build reads version 1; use the build that wrote it, or record it again");
  KeptSchedules kept;
  kept.body = Field(line_or_refuse(), "body");
  const std::string_view layout = Field(line_or_refuse(), "layout");
  const auto parsed =
      std::from_chars(layout.data(), layout.data() + layout.size(), kept.layout, 16);
  if (layout.size() != 16 || parsed.ec != std::errc() ||
      parsed.ptr != layout.data() + layout.size())
    Refuse("has a layout that is none; record it again");
  for (;;) {
    const std::size_t before = unix_text.size() - rest.size();
    const std::string_view line = line_or_refuse();
    if (line.starts_with(kShows) && kept.schedules.empty()) {
      kept.shows.emplace_back(line.substr(kShows.size()));
      continue;
    }
    if (!line.starts_with("end ")) {
      kept.schedules.push_back(Schedule::FromToken(line));
      continue;
    }
    if (std::string(line) + "\n" !=
        LastLine(std::string_view(unix_text).substr(0, before), kept.schedules.size()))
      Refuse(
          "was changed or damaged: its checksum does not agree; restore it from your repository, "
          "or record it again");
    if (!rest.empty()) Refuse("has something behind its last line, \"end …\"; take it away");
    return kept;
  }
}

}  // namespace taskleak::internal
