// The leaks that a repository knows it has: the ratchet's memory, kept in its tree.
#ifndef TASKLEAK_HARNESS_COMMAND_BASELINE_H_
#define TASKLEAK_HARNESS_COMMAND_BASELINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/command/run_report.h"

namespace taskleak::internal {

struct BaselineEntry {
  std::string fingerprint;
  std::string title;        // For people; not compared.
  std::uint64_t count = 0;  // How many threads of it are known in one run.
  std::string owner;
  std::string reason;
  std::string expires;  // 2026-01-31: the last day on which it is known; empty: no last one.
  int absent = 0;       // Complete runs in a row without it.
};

struct Baseline {
  std::vector<BaselineEntry> entries;
};

// Nothing, and a reason that ends a sentence, for what is no such file.
std::optional<Baseline> ReadBaseline(const std::string& text, std::string* why);
// Sorted by title, one member a line: changes are read in reviews.
std::string WriteBaseline(const Baseline& baseline);

// What comes of a report held against a baseline. All leaks of one fingerprint are one.
struct Comparison {
  struct Item {
    std::string fingerprint;
    std::string title;
    std::uint64_t count = 0;
    const BaselineEntry* entry = nullptr;
    std::string why;  // That it fails although there is an entry: it is more, or expired.
  };
  std::vector<Item> fresh;  // Not known: these fail.
  std::vector<Item> known;
  std::vector<Item> unseen;
};

// Leaks below `least` and suppressed ones take no part. `today` is a date as entries have it. The
// entries live as long as `baseline`.
Comparison Compare(const RunReport& report, const Baseline& baseline, LeakVerdict least,
                   const std::string& today);

// Leaks that `base` lacks, whatever their count.
Comparison CompareWithBase(const RunReport& report, const RunReport& base, LeakVerdict least);

constexpr int kRunsUntilGone = 20;

// The baseline after this run: an entry that was seen counts from nothing again, one that a
// complete run lacked is one run nearer to its end, and goes after kRunsUntilGone; what is new is
// added, and what is more raised, if `accept_new` says so. Expired entries are never renewed: their
// date is a person's word.
Baseline Updated(const Baseline& baseline, const Comparison& comparison, bool complete,
                 bool accept_new);

// Marks what the baseline knows, for the reports.
void MarkBaselined(const Comparison& comparison, RunReport* report);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_BASELINE_H_
