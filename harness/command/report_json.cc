#include "harness/command/report_json.h"

#include <utility>

#include "harness/command/json_access.h"

namespace taskleak::internal {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::pair<FrameOrigin, const char*> kOrigins[] = {
    {FrameOrigin::kUser, "user"},
    {FrameOrigin::kTaskleak, "taskleak"},
    {FrameOrigin::kStandardLibrary, "standard library"},
    {FrameOrigin::kRuntime, "runtime"},
};

ordered_json WriteStack(const RunReport& report, const std::vector<Frame>& stack) {
  ordered_json frames = ordered_json::array();
  for (const Frame& frame : stack) {
    ordered_json entry = {{"function", frame.function}, {"linkage_name", frame.linkage_name},
                          {"file", frame.file},         {"line", frame.line},
                          {"module", frame.module},     {"offset", frame.offset},
                          {"inlined", frame.inlined}};
    const auto id = report.build_ids.find(frame.module);
    entry["build_id"] = id != report.build_ids.end() ? id->second : "";
    for (const auto& origin : kOrigins) {
      if (origin.first == frame.origin) entry["origin"] = origin.second;
    }
    frames.push_back(std::move(entry));
  }
  return frames;
}

std::vector<Frame> ReadStack(const json& leak, const char* name, RunReport* report) {
  std::vector<Frame> stack;
  for (const json& entry : Elements(leak, name)) {
    Frame frame;
    frame.function = Text(entry, "function");
    frame.linkage_name = Text(entry, "linkage_name");
    frame.file = Text(entry, "file");
    frame.line = static_cast<int>(Integer(entry, "line"));
    frame.module = Text(entry, "module");
    frame.offset = static_cast<std::uintptr_t>(Integer(entry, "offset"));
    frame.inlined = Flag(entry, "inlined");
    const std::string named = Text(entry, "origin");
    for (const auto& origin : kOrigins) {
      if (named == origin.second) frame.origin = origin.first;
    }
    if (const std::string id = Text(entry, "build_id"); !id.empty())
      report->build_ids[frame.module] = id;
    stack.push_back(std::move(frame));
  }
  return stack;
}

ordered_json WriteLeak(const RunReport& report, const Leak& leak) {
  ordered_json scopes = ordered_json::array();
  for (const auto& scope : leak.scopes)
    scopes.push_back({{"name", scope.first}, {"count", scope.second}});
  ordered_json threads = ordered_json::array();
  for (const LeakedThread& thread : leak.threads) {
    threads.push_back({{"pid", thread.pid},
                       {"tid", thread.tid},
                       {"id", thread.id},
                       {"name", thread.name},
                       {"scope", thread.scope},
                       {"blocked_ms", thread.blocked_ms},
                       {"owner_tid", thread.owner_tid}});
  }
  ordered_json entry = {{"fingerprint", leak.fingerprint},
                        {"verdict", ToString(leak.verdict)},
                        {"operation", leak.operation},
                        {"object", leak.object},
                        {"count", leak.count},
                        {"scopes", scopes},
                        {"blocked_stack", WriteStack(report, leak.blocked)},
                        {"creation_stack", WriteStack(report, leak.creation)},
                        {"threads", threads}};
  if (!leak.suppressed_by.empty()) entry["suppressed_by"] = leak.suppressed_by;
  if (!leak.baselined.empty()) entry["baselined"] = leak.baselined;
  return entry;
}

Leak ReadLeak(const json& entry, RunReport* report) {
  Leak leak;
  leak.fingerprint = Text(entry, "fingerprint");
  leak.verdict = LeakVerdictNamed(Text(entry, "verdict")).value_or(LeakVerdict::kProven);
  leak.operation = Text(entry, "operation");
  leak.object = Text(entry, "object");
  leak.count = static_cast<std::uint64_t>(Integer(entry, "count"));
  for (const json& scope : Elements(entry, "scopes"))
    leak.scopes[Text(scope, "name")] += static_cast<std::uint64_t>(Integer(scope, "count"));
  leak.blocked = ReadStack(entry, "blocked_stack", report);
  leak.creation = ReadStack(entry, "creation_stack", report);
  for (const json& thread : Elements(entry, "threads")) {
    leak.threads.push_back({static_cast<int>(Integer(thread, "pid")),
                            static_cast<int>(Integer(thread, "tid")),
                            static_cast<std::uint64_t>(Integer(thread, "id")), Text(thread, "name"),
                            Text(thread, "scope"), Integer(thread, "blocked_ms"),
                            static_cast<int>(Integer(thread, "owner_tid"))});
  }
  leak.suppressed_by = Text(entry, "suppressed_by");
  leak.baselined = Text(entry, "baselined");
  return leak;
}

ordered_json WriteProcess(const ProcessSeen& process) {
  ordered_json entry = {{"pid", process.pid},       {"program", process.program},
                        {"argv", process.argv},     {"exit", nullptr},
                        {"judged", process.judged}, {"running", process.running},
                        {"reason", process.reason}};
  if (process.exit.has_value()) entry["exit"] = *process.exit;
  return entry;
}

std::optional<int> ReadExit(const json& object) {
  if (!Member(object, "exit").is_number_integer()) return std::nullopt;
  return static_cast<int>(Integer(object, "exit"));
}

}  // namespace

std::string WriteReport(const RunReport& report) {
  ordered_json document = {{"schema", "taskleak.report"},
                           {"version", kReportVersion},
                           {"tool", {{"name", "taskleak"}, {"version", report.tool_version}}},
                           {"command", report.command},
                           {"start", report.start},
                           {"exit", nullptr},
                           {"complete", report.complete},
                           {"incomplete", report.incomplete},
                           {"processes", ordered_json::array()},
                           {"modules", ordered_json::array()},
                           {"leaks", ordered_json::array()},
                           {"notes", ordered_json::array()}};
  if (report.exit.has_value()) document["exit"] = *report.exit;
  for (const ProcessSeen& process : report.processes)
    document["processes"].push_back(WriteProcess(process));
  for (const auto& module : report.build_ids)
    document["modules"].push_back({{"path", module.first}, {"build_id", module.second}});
  for (const Leak& leak : report.leaks) document["leaks"].push_back(WriteLeak(report, leak));
  for (const ReportNote& note : report.notes)
    document["notes"].push_back({{"kind", note.kind}, {"text", note.text}});
  // Names that are no UTF-8 (a test's, an argument's) must not cost the report.
  return document.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::optional<RunReport> ReadReport(const std::string& text, std::string* why) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    *why = "is cut off, or no JSON";
    return std::nullopt;
  }
  if (Text(document, "schema") != "taskleak.report") {
    *why = "is no taskleak.report";
    return std::nullopt;
  }
  if (const std::int64_t version = Integer(document, "version"); version != kReportVersion) {
    *why = "is a taskleak.report of version " + std::to_string(version) +
           ", and this taskleak reads " + std::to_string(kReportVersion);
    return std::nullopt;
  }
  RunReport report;
  report.tool_version = Text(Member(document, "tool"), "version");
  report.command = Texts(document, "command");
  report.start = Text(document, "start");
  report.exit = ReadExit(document);
  report.complete = Flag(document, "complete");
  report.incomplete = Texts(document, "incomplete");
  for (const json& module : Elements(document, "modules"))
    report.build_ids[Text(module, "path")] = Text(module, "build_id");
  for (const json& entry : Elements(document, "processes")) {
    ProcessSeen process;
    process.pid = static_cast<int>(Integer(entry, "pid"));
    process.program = Text(entry, "program");
    process.argv = Texts(entry, "argv");
    process.exit = ReadExit(entry);
    process.judged = Flag(entry, "judged");
    process.running = Flag(entry, "running");
    process.reason = Text(entry, "reason");
    report.processes.push_back(std::move(process));
  }
  for (const json& entry : Elements(document, "leaks"))
    report.leaks.push_back(ReadLeak(entry, &report));
  for (const json& note : Elements(document, "notes"))
    report.notes.push_back({Text(note, "kind"), Text(note, "text")});
  return report;
}

}  // namespace taskleak::internal
