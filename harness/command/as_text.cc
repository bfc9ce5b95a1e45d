#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "harness/command/render.h"
#include "src/stack/frame.h"

namespace taskleak::internal {
namespace {

constexpr std::size_t kMostLeaks = 50;
constexpr std::size_t kMostScopes = 4;
constexpr std::size_t kMostNames = 4;

void PrintStack(std::ostream& out, const std::vector<Frame>& stack) {
  if (stack.empty()) return;
  const std::vector<Frame> frames = TrimToUser(stack);
  for (std::size_t i = 0; i < frames.size(); ++i)
    out << FormatFrame(frames[i], static_cast<int>(i)) << "\n";
}

std::string Names(const Leak& leak) {
  std::vector<std::string> names;
  for (const LeakedThread& thread : leak.threads) {
    bool known = false;
    for (const std::string& name : names) known = known || name == thread.name;
    if (!known && !thread.name.empty()) names.push_back(thread.name);
  }
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i)
    text += (i == 0 ? " \"" : ", \"") + names[i] + "\"";
  return names.size() > kMostNames ? text + " …" : text;
}

std::string BlockedFor(const Leak& leak) {
  std::int64_t longest = 0;
  for (const LeakedThread& thread : leak.threads) longest = std::max(longest, thread.blocked_ms);
  if (longest == 0) return "";
  char text[32];
  std::snprintf(text, sizeof(text), " for %.1fs", static_cast<double>(longest) / 1000);
  return leak.count > 1 ? " for up to" + std::string(text + 4) : text;
}

// "in Suite.Name (3 threads) and Suite.Other", or nothing where no test is known.
void PrintScopes(std::ostream& out, const Leak& leak) {
  std::size_t listed = 0;
  std::size_t known = 0;
  for (const auto& scope : leak.scopes) known += scope.first.empty() ? 0 : 1;
  if (known == 0) return;
  out << "  in ";
  for (const auto& scope : leak.scopes) {
    if (scope.first.empty()) continue;
    if (listed == kMostScopes) {
      out << " and " << Plural(known - listed, "other test");
      break;
    }
    out << (listed == 0 ? "" : ", ") << scope.first;
    if (scope.second > 1) out << " (" << Plural(scope.second, "thread") << ")";
    ++listed;
  }
  if (const auto none = leak.scopes.find(""); none != leak.scopes.end())
    out << "; " << Plural(none->second, "thread") << " of no test";
  out << "\n";
}

std::size_t ProcessesOf(const Leak& leak) {
  std::vector<int> pids;
  for (const LeakedThread& thread : leak.threads) {
    bool known = false;
    for (const int pid : pids) known = known || pid == thread.pid;
    if (!known) pids.push_back(thread.pid);
  }
  return pids.size();
}

void PrintLeak(std::ostream& out, const Leak& leak) {
  out << "\n"
      << Plural(leak.count, "thread") << Names(leak) << ", " << ToString(leak.verdict)
      << ", blocked in " << leak.operation << BlockedFor(leak);
  if (const std::size_t processes = ProcessesOf(leak); processes > 1)
    out << ", in " << Plural(processes, "process");
  out << "\n";
  PrintStack(out, leak.blocked);
  if (leak.threads.size() == 1 && leak.threads[0].owner_tid != 0) {
    out << (leak.operation == "thread join" ? "    which waits for tid " : "    held by tid ")
        << leak.threads[0].owner_tid << "\n";
  }
  PrintScopes(out, leak);
  if (leak.creation.empty()) {
    out << "  of unknown origin\n";
  } else {
    out << "  started at\n";
    PrintStack(out, leak.creation);
  }
  if (!leak.suppressed_by.empty()) out << "  left out by " << leak.suppressed_by << "\n";
  if (!leak.baselined.empty()) out << "  known to the baseline: " << leak.baselined << "\n";
  out << "  fingerprint " << leak.fingerprint << "\n";
}

std::string Counts(const RunReport& report) {
  return std::to_string(report.Count(LeakVerdict::kProven)) + " proven, " +
         std::to_string(report.Count(LeakVerdict::kSuspect)) + " suspect, " +
         std::to_string(report.Count(LeakVerdict::kIdle)) + " idle";
}

// What is said of those that a rule or the baseline left out, in one line.
void PrintLeftOut(std::ostream& out, const RunReport& report) {
  std::uint64_t suppressed = 0;
  std::uint64_t baselined = 0;
  for (const Leak& leak : report.leaks) {
    if (!leak.suppressed_by.empty()) {
      suppressed += leak.count;
    } else if (!leak.baselined.empty()) {
      baselined += leak.count;
    }
  }
  if (suppressed != 0) {
    out << "NOTE: taskleak: " << Plural(suppressed, "thread")
        << " left out by rules; --why-ignored lists them\n";
  }
  if (baselined != 0)
    out << "NOTE: taskleak: " << Plural(baselined, "thread") << " known to the baseline\n";
}

}  // namespace

std::string AsText(const RunReport& report, const TextOptions& options) {
  std::ostringstream out;
  std::vector<const Leak*> shown;
  std::uint64_t threads = 0;
  std::uint64_t idle = 0;
  for (const Leak& leak : report.leaks) {
    if (!Counts(leak)) {
      if (options.why_ignored) shown.push_back(&leak);
      continue;
    }
    if (leak.verdict == LeakVerdict::kIdle) {
      idle += leak.count;
      if (!options.why_ignored) continue;
    } else {
      threads += leak.count;
    }
    shown.push_back(&leak);
  }
  const std::size_t seen = report.processes.size();
  if (threads != 0) {
    out << (report.Count(LeakVerdict::kProven) != 0 ? "ERROR" : "WARNING")
        << ": taskleak: " << Plural(threads, "thread") << " never ended ("
        << Plural(seen, "process") << " seen; " << Counts(report) << ")\n";
  }
  for (std::size_t i = 0; i < shown.size() && i < kMostLeaks; ++i) PrintLeak(out, *shown[i]);
  if (shown.size() > kMostLeaks) {
    out << "\nand " << Plural(shown.size() - kMostLeaks, "leak")
        << " more; --report FILE writes them all\n";
  }
  if (!shown.empty()) out << "\n";
  if (idle != 0 && !options.why_ignored) {
    out << "NOTE: taskleak: " << Plural(idle, "thread")
        << " of idle pools, which are no leaks; --why-ignored lists them, --fail-on idle counts "
           "them\n";
  }
  PrintLeftOut(out, report);
  for (const ReportNote& note : report.notes) out << "NOTE: taskleak: " << note.text << "\n";
  out << "SUMMARY: taskleak: ";
  if (threads == 0) {
    out << "no leak, " << Plural(seen, "process") << " seen\n";
  } else {
    std::size_t first = 0;
    while (!Counts(*shown[first])) ++first;
    out << LeakInOneLine(*shown[first]);
    if (threads > shown[first]->count) out << " and " << threads - shown[first]->count << " more";
    out << "\n";
  }
  return out.str();
}

}  // namespace taskleak::internal
