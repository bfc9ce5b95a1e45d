// What all the processes of one run left behind, as values: read from what each wrote, written as
// taskleak.report (schema/taskleak.report.schema.json), and rendered as everything else.
#ifndef TASKLEAK_HARNESS_COMMAND_RUN_REPORT_H_
#define TASKLEAK_HARNESS_COMMAND_RUN_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/stack/frame.h"

namespace taskleak::internal {

// In the order of how much they weigh.
enum class LeakVerdict { kIdle, kSuspect, kProven };
std::string_view ToString(LeakVerdict verdict);
std::optional<LeakVerdict> LeakVerdictNamed(std::string_view name);

// One of the threads of a leak.
struct LeakedThread {
  int pid = 0;
  int tid = 0;
  std::uint64_t id = 0;  // Within its process, from 1; 0: of unknown origin.
  std::string name;
  std::string scope;  // The test that started it; empty: not known.
  std::int64_t blocked_ms = 0;
  int owner_tid = 0;  // Of a mutex: who holds it; of a join: whom it waits for.
};

// Threads with the same verdict, operation and stacks by function and line, of whatever process.
struct Leak {
  static constexpr std::size_t kMostThreads = 100;

  std::string fingerprint;  // See fingerprint.h.
  LeakVerdict verdict = LeakVerdict::kProven;
  std::string operation;
  std::string object;  // Its kind: "condition variable"; empty: none.
  std::uint64_t count = 0;
  std::map<std::string, std::uint64_t> scopes;  // Threads by the test that started them.
  std::vector<Frame> blocked;                   // Innermost first; empty: not known.
  std::vector<Frame> creation;
  std::vector<LeakedThread> threads;  // The first kMostThreads.
  std::string suppressed_by;          // The rule that leaves it out; empty: none.
  std::string baselined;              // Why the baseline knows it; empty: it does not.
};

struct ProcessSeen {
  int pid = 0;
  std::string program;  // Empty: not known, it left a report alone.
  std::vector<std::string> argv;
  std::optional<int> exit;  // Not for one that was killed, or that runs still.
  std::string reason;       // Why it was judged; empty: it had nothing to tell.
  bool judged = false;
  bool running = false;  // Still, when all was gathered.
};

struct ReportNote {
  std::string kind;  // "unjudged", "running", "unreadable", "changed module", "unused rule", …
  std::string text;  // A sentence.
};

struct RunReport {
  std::string tool_version;
  std::vector<std::string> command;  // Empty: not known.
  std::string start;                 // UTC, 2026-01-31T12:00:00Z; empty: not known.
  std::optional<int> exit;           // Of the command; 128+n for a signal.
  // Whether every test ran and every process was judged, so that what is not here is not there;
  // and if not, why.
  bool complete = false;
  std::vector<std::string> incomplete;
  std::vector<ProcessSeen> processes;
  std::vector<Leak> leaks;  // Those that weigh most first, then the most threads.
  std::vector<ReportNote> notes;
  std::map<std::string, std::string> build_ids;  // By module.

  // Threads of leaks that count: not suppressed, of this verdict.
  std::uint64_t Count(LeakVerdict verdict) const;
  // Whether a leak is left of this verdict or one that weighs more.
  bool Fails(LeakVerdict least) const;
};

// Puts leaks in the order that readers expect.
void SortLeaks(RunReport* report);

// Whether people should read it: neither suppressed nor known to the baseline.
bool Counts(const Leak& leak);

// The first of the user's frames; null: there is none.
const Frame* UsersFrame(const std::vector<Frame>& stack);

// "3 threads", "1 thread".
std::string Plural(std::uint64_t count, std::string_view noun);

// "2 threads blocked in cond wait at Pool::Run() (pool.cc:41), started at Start() (pool.cc:33)".
std::string LeakInOneLine(const Leak& leak);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_RUN_REPORT_H_
