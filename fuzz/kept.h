// Schedules in a file, for people's hands and for years: corpus/NAME/*.schedule.
#ifndef TASKLEAK_FUZZ_KEPT_H_
#define TASKLEAK_FUZZ_KEPT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "taskleak/schedule.h"

namespace taskleak::internal {

// What such a file holds.
struct KeptSchedules {
  std::string body;          // Whose they are: "Suite.Name", "article/worker_pool/fixed".
  std::uint64_t layout = 0;  // Of the body's canonical run when they were kept: see FuzzSession.
  std::vector<Schedule> schedules;
  // What each of them shows, by names that hold in every build (Failure::Identity): each of these
  // is shown by some. Empty: they hold.
  std::vector<std::string> shows = {};
  friend bool operator==(const KeptSchedules&, const KeptSchedules&) = default;
};

// The tokens carry no layout: the file does, for all of them. As text: a line with format and
// version, the body, the layout, what is shown, one token in each line, and a last line that counts
// them and carries a checksum of all before it.
std::string WriteKept(const KeptSchedules& kept);

// Throws UsageError, with the reason in a sentence, for what is not a whole such text.
KeptSchedules ReadKept(std::string_view text);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_KEPT_H_
