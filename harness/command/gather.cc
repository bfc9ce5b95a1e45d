#include "harness/command/gather.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <sstream>
#include <utility>

#include "harness/command/child.h"
#include "harness/command/files.h"
#include "harness/command/fingerprint.h"
#include "harness/command/json_access.h"
#include "harness/command/report_json.h"

namespace taskleak::internal {
namespace {

using nlohmann::json;

// Why the preload judges who ended by exit.
constexpr std::string_view kAtItsEnd = "the process ends";

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// What makes threads one leak.
std::string Key(const Leak& leak) {
  std::ostringstream key;
  key << ToString(leak.verdict) << "\n" << leak.operation << "\n" << leak.suppressed_by << "\n";
  for (const std::vector<Frame>* stack : {&leak.blocked, &leak.creation}) {
    for (const Frame& frame : *stack)
      key << frame.function << "\n" << frame.file << ":" << frame.line << "\n";
    key << "--\n";
  }
  return key.str();
}

}  // namespace

void Gatherer::Unreadable(const std::string& path, const std::string& why) {
  report_.notes.push_back(
      {"unreadable", path + " " + why + "; what it held is not in this report."});
}

ProcessSeen& Gatherer::Process(const std::string& folder, int pid) {
  const auto [at, inserted] =
      processes_.try_emplace(folder + std::to_string(pid), report_.processes.size());
  if (inserted) report_.processes.emplace_back().pid = pid;
  return report_.processes[at->second];
}

void Gatherer::AddFile(const std::string& path) {
  const std::string_view name = Basename(path);
  const bool seen = name.starts_with("taskleak-") && name.ends_with(".seen");
  std::string why;
  const std::optional<std::string> text = ReadFile(path, &why);
  if (!text.has_value()) {
    Unreadable(path, "cannot be read (" + why + ")");
    return;
  }
  if (seen) {
    AddSeen(path, *text);
    return;
  }
  // The schema is the first thing in what is ours, so that it shows in what is cut off too.
  const std::string_view start = std::string_view(*text).substr(0, 200);
  if (start.find("\"taskleak.process\"") != std::string_view::npos) {
    AddProcess(path, *text);
  } else if (start.find("\"taskleak.report\"") != std::string_view::npos) {
    AddReport(path, *text);
  } else if (start.find("\"schema\"") == std::string_view::npos &&
             (text->empty() || name.starts_with("taskleak-"))) {
    Unreadable(path, "is no report of taskleak's: it is empty, or was cut off");
  }
}

void Gatherer::AddSeen(const std::string& path, const std::string& text) {
  ++files_;
  std::istringstream lines(text);
  std::string line;
  ProcessSeen* process = nullptr;
  while (std::getline(lines, line)) {
    const json entry = json::parse(line, nullptr, false);
    if (entry.is_discarded()) continue;  // It was killed while it wrote.
    if (Text(entry, "schema") == "taskleak.seen") {
      process = &Process(FolderOf(path), static_cast<int>(Integer(entry, "pid")));
      process->program = Text(entry, "program");
      process->argv = Texts(entry, "argv");
      parents_.insert(FolderOf(path) + std::to_string(Integer(entry, "parent")));
    } else if (const std::string end = Text(entry, "end"); process != nullptr && !end.empty()) {
      process->exit = static_cast<int>(Integer(entry, "status"));
      // Who left by _exit with no other thread had nothing to be judged.
      process->judged = process->judged || end != "_exit";
    }
  }
}

void Gatherer::AddProcess(const std::string& path, const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    Unreadable(path, "is cut off");
    return;
  }
  if (const std::int64_t version = Integer(document, "version"); version != 1) {
    Unreadable(path, "is a taskleak.process of version " + std::to_string(version) +
                         ", and this taskleak reads 1");
    return;
  }
  ++files_;
  ProcessSeen& process = Process(FolderOf(path), static_cast<int>(Integer(document, "pid")));
  process.judged = true;
  process.reason = Text(document, "reason");
  if (process.reason.starts_with("nine tenths") && process.exit.has_value()) {
    report_.notes.push_back({"slow", std::string(Basename(process.program)) + " (process " +
                                         std::to_string(process.pid) +
                                         ") passed nine tenths of its deadline, and ended by "
                                         "itself after all."});
    return;
  }
  // Who was looked at while it ran and has children (a shell, ctest) waits for these.
  const bool waits_for_children = process.reason != kAtItsEnd &&
                                  parents_.contains(FolderOf(path) + std::to_string(process.pid));
  std::map<std::string, std::string> build_ids;
  for (const json& module : Elements(document, "modules"))
    build_ids[Text(module, "path")] = Text(module, "build_id");
  const auto stack = [&](const json& thread, const char* name) {
    std::vector<Frame> result;
    for (const json& frame : Elements(thread, name)) {
      const std::string module = Text(frame, "module");
      const std::string& id = build_ids[module];
      if (!id.empty()) report_.build_ids[module] = id;
      const std::vector<Frame>& frames =
          symbolizer_.Symbolize(module, id, static_cast<std::uint64_t>(Integer(frame, "offset")));
      result.insert(result.end(), frames.begin(), frames.end());
    }
    return result;
  };
  for (const json& thread : Elements(document, "threads")) {
    const std::optional<LeakVerdict> verdict = LeakVerdictNamed(Text(thread, "verdict"));
    if (!verdict.has_value() || (waits_for_children && *verdict == LeakVerdict::kSuspect)) continue;
    Leak leak;
    leak.verdict = *verdict;
    leak.operation = Text(thread, "operation");
    leak.object = Text(thread, "object");
    leak.count = 1;
    leak.blocked = stack(thread, "blocked_stack");
    leak.creation = stack(thread, "creation_stack");
    leak.fingerprint = Fingerprint(leak.operation, leak.blocked, leak.creation);
    const std::string scope = Text(thread, "scope");
    leak.scopes[scope] = 1;
    leak.threads.push_back({process.pid, static_cast<int>(Integer(thread, "tid")),
                            static_cast<std::uint64_t>(Integer(thread, "id")), Text(thread, "name"),
                            scope, Integer(thread, "blocked_ms"),
                            static_cast<int>(Integer(thread, "owner_tid"))});
    Merge(std::move(leak));
  }
}

void Gatherer::AddReport(const std::string& path, const std::string& text) {
  std::string why;
  std::optional<RunReport> other = ReadReport(text, &why);
  if (!other.has_value()) {
    Unreadable(path, why);
    return;
  }
  ++files_;
  if (++reports_ == 1) {
    report_.tool_version = other->tool_version;
    report_.command = other->command;
    report_.start = other->start;
    report_.exit = other->exit;
    report_.complete = other->complete;
  } else {
    report_.complete = report_.complete && other->complete;
    report_.command.clear();  // Of several there is no one command.
    report_.exit.reset();
    report_.start = std::min(report_.start, other->start);
  }
  for (std::string& reason : other->incomplete) report_.incomplete.push_back(std::move(reason));
  for (ProcessSeen& process : other->processes) report_.processes.push_back(std::move(process));
  for (ReportNote& note : other->notes) report_.notes.push_back(std::move(note));
  for (auto& module : other->build_ids) report_.build_ids.insert(module);
  for (Leak& leak : other->leaks) Merge(std::move(leak));
}

void Gatherer::Merge(Leak leak) {
  const auto [at, inserted] = leaks_.try_emplace(Key(leak), report_.leaks.size());
  if (inserted) {
    report_.leaks.push_back(std::move(leak));
    return;
  }
  Leak& known = report_.leaks[at->second];
  known.count += leak.count;
  for (const auto& scope : leak.scopes) known.scopes[scope.first] += scope.second;
  for (LeakedThread& thread : leak.threads) {
    if (known.threads.size() < Leak::kMostThreads) known.threads.push_back(std::move(thread));
  }
}

bool Gatherer::AddFolder(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) {
    Unreadable(path, std::string("cannot be read (") + std::strerror(errno) + ")");
    return false;
  }
  std::set<std::string> names;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') names.insert(entry->d_name);
  }
  closedir(folder);
  // Who was there, before what they said.
  for (const bool seen : {true, false}) {
    for (const std::string& name : names) {
      const std::string inner = path + "/" + name;
      struct stat status = {};
      if (lstat(inner.c_str(), &status) != 0) continue;
      if (S_ISDIR(status.st_mode)) {
        if (!seen) AddFolder(inner);
      } else if (S_ISREG(status.st_mode) &&
                 (seen ? name.starts_with("taskleak-") && name.ends_with(".seen")
                       : name.ends_with(".json"))) {
        AddFile(inner);
      }
    }
  }
  return true;
}

void Gatherer::Add(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    AddFolder(path);
  } else {
    AddFile(path);
  }
}

void Gatherer::NoteUnjudged() {
  std::map<std::string, int> left;
  std::map<std::string, int> running;
  int left_count = 0;
  int running_count = 0;
  for (const ProcessSeen& process : report_.processes) {
    if (process.judged) continue;
    ++(process.running ? running_count : left_count);
    ++(process.running ? running : left)[std::string(Basename(process.program))];
  }
  const auto names = [](const std::map<std::string, int>& of) {
    std::string text;
    int listed = 0;
    for (const auto& name : of) {
      if (++listed > 5) return text + " …";
      text += (text.empty() ? "" : ", ") + name.first;
      if (name.second > 1) text += " (" + std::to_string(name.second) + " times)";
    }
    return text;
  };
  const std::string of = " of " + Plural(report_.processes.size(), "process");
  if (left_count != 0) {
    report_.notes.push_back(
        {"unjudged", std::to_string(left_count) + of + " left no report: " + names(left) +
                         ". Whoever is killed, crashes, or ends by _exit is not judged."});
  }
  if (running_count != 0) {
    report_.notes.push_back({"running", std::to_string(running_count) + of +
                                            " still run, and were not judged: " + names(running) +
                                            "."});
  }
}

RunReport Gatherer::Take() {
  // What lies here as each process left it has nobody who knows whether all of it is here.
  if (reports_ == 0) report_.complete = false;
  for (ProcessSeen& process : report_.processes) {
    if (reports_ == 0) process.running = !process.exit.has_value() && Lives(process.pid);
  }
  if (reports_ == 0) NoteUnjudged();
  for (const std::string& path : symbolizer_.Changed()) {
    report_.notes.push_back(
        {"changed module", path + " is another file than the one that ran: its functions have no "
                                  "names here. Report before you build again."});
  }
  for (const std::string& path : symbolizer_.Unreadable()) {
    report_.notes.push_back(
        {"unreadable module", path + " cannot be read: its functions have no names here."});
  }
  SortLeaks(&report_);
  return std::move(report_);
}

}  // namespace taskleak::internal
