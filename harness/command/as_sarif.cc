#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/command/render.h"

namespace taskleak::internal {
namespace {

using nlohmann::ordered_json;

constexpr const char* kRoot = "SRCROOT";

struct Rule {
  LeakVerdict verdict;
  const char* id;
  const char* name;
  const char* level;
  const char* text;
};

constexpr Rule kRules[] = {
    {LeakVerdict::kProven, "taskleak/proven", "ThreadNeverEnds", "error",
     "A thread is blocked, and nothing in its process can wake it."},
    {LeakVerdict::kSuspect, "taskleak/suspect", "ThreadMayNeverEnd", "warning",
     "A thread is blocked without a time limit at its process's end; something outside might have "
     "woken it."},
    {LeakVerdict::kIdle, "taskleak/idle", "IdlePool", "note",
     "A thread waits for work at an object that outlives main: an idle pool, which is no leak."},
};

// RFC 3986: all but what a path may hold is written in hexadecimal.
std::string PercentEncoded(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        std::string_view("-._~/+@!$&'(),;=").find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += '%';
      result += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
      result += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
    }
  }
  return result;
}

ordered_json Artifact(const std::string& file, const std::string& root) {
  const std::string relative = Relative(file, root);
  if (relative.starts_with('/')) return {{"uri", "file://" + PercentEncoded(relative)}};
  return {{"uri", PercentEncoded(relative)}, {"uriBaseId", kRoot}};
}

ordered_json Location(const Frame& frame, const std::string& root, const std::string& message) {
  ordered_json location = ordered_json::object();
  if (!frame.file.empty()) {
    ordered_json place = {{"artifactLocation", Artifact(frame.file, root)}};
    if (frame.line > 0) place["region"] = {{"startLine", frame.line}};
    location["physicalLocation"] = std::move(place);
  }
  location["logicalLocations"] = ordered_json::array(
      {{{"name", frame.function}, {"fullyQualifiedName", frame.function}, {"kind", "function"}}});
  if (!message.empty()) location["message"] = {{"text", message}};
  return location;
}

// From outside in, as it happened.
void AppendFlow(const std::vector<Frame>& stack, const std::string& root, const std::string& first,
                const std::string& last, ordered_json* steps) {
  if (stack.empty()) return;
  const std::vector<Frame> frames = TrimToUser(stack);
  for (std::size_t i = frames.size(); i-- > 0;) {
    std::string message = "in " + frames[i].function;
    if (i + 1 == frames.size() && !first.empty()) message = first + frames[i].function;
    if (i == 0) message = last;
    steps->push_back({{"location", Location(frames[i], root, message)}});
  }
}

ordered_json Result(const Leak& leak, const std::string& root) {
  const Rule* rule = &kRules[0];
  for (const Rule& candidate : kRules) {
    if (candidate.verdict == leak.verdict) rule = &candidate;
  }
  ordered_json result = {{"ruleId", rule->id},
                         {"ruleIndex", rule - kRules},
                         {"level", rule->level},
                         {"message", {{"text", LeakInOneLine(leak) + "."}}}};
  const Frame* blocked = UsersFrame(leak.blocked);
  const Frame* started = UsersFrame(leak.creation);
  const Frame* place = blocked != nullptr && !blocked->file.empty() ? blocked : started;
  result["locations"] = ordered_json::array();
  if (place != nullptr) result["locations"].push_back(Location(*place, root, ""));
  if (started != nullptr) {
    ordered_json related = Location(*started, root, "The thread is started here.");
    related["id"] = 1;
    result["relatedLocations"] = ordered_json::array({related});
  }
  ordered_json steps = ordered_json::array();
  AppendFlow(leak.creation, root, "", "The thread is started here.", &steps);
  AppendFlow(leak.blocked, root, "The thread runs ",
             "It is blocked here, in " + leak.operation + ".", &steps);
  if (!steps.empty()) {
    result["codeFlows"] = ordered_json::array(
        {{{"threadFlows", ordered_json::array({{{"locations", std::move(steps)}}})}}});
  }
  result["partialFingerprints"] = {{"taskleak/f1", leak.fingerprint}};
  result["occurrenceCount"] = std::max<std::uint64_t>(leak.count, 1);
  if (!Counts(leak)) {
    const std::string& why = leak.suppressed_by.empty() ? leak.baselined : leak.suppressed_by;
    result["suppressions"] = ordered_json::array(
        {{{"kind", "external"}, {"status", "accepted"}, {"justification", why}}});
  }
  ordered_json tests = ordered_json::array();
  for (const auto& scope : leak.scopes) {
    if (!scope.first.empty()) tests.push_back(scope.first);
  }
  if (!tests.empty()) result["properties"] = {{"tests", std::move(tests)}};
  return result;
}

}  // namespace

std::string Relative(const std::string& file, const std::string& root) {
  if (root.empty()) return file;
  const std::string folder = root.ends_with('/') ? root : root + "/";
  return file.starts_with(folder) && file.size() > folder.size() ? file.substr(folder.size())
                                                                 : file;
}

std::string AsSarif(const RunReport& report, const std::string& root) {
  ordered_json rules = ordered_json::array();
  for (const Rule& rule : kRules) {
    rules.push_back({{"id", rule.id},
                     {"name", rule.name},
                     {"shortDescription", {{"text", rule.text}}},
                     {"defaultConfiguration", {{"level", rule.level}}}});
  }
  ordered_json results = ordered_json::array();
  for (const Leak& leak : report.leaks) results.push_back(Result(leak, root));
  ordered_json notifications = ordered_json::array();
  for (const ReportNote& note : report.notes)
    notifications.push_back({{"level", "note"}, {"message", {{"text", note.text}}}});
  ordered_json invocation = {{"executionSuccessful", true},
                             {"toolExecutionNotifications", std::move(notifications)}};
  if (report.exit.has_value()) invocation["exitCode"] = *report.exit;
  if (!report.start.empty()) invocation["startTimeUtc"] = report.start;
  ordered_json run = {
      {"tool",
       {{"driver",
         {{"name", "taskleak"}, {"version", report.tool_version}, {"rules", std::move(rules)}}}}},
      {"invocations", ordered_json::array({std::move(invocation)})}};
  if (!root.empty()) {
    const std::string folder = root.ends_with('/') ? root : root + "/";
    run["originalUriBaseIds"] = {{kRoot, {{"uri", "file://" + PercentEncoded(folder)}}}};
  }
  run["columnKind"] = "utf16CodeUnits";
  run["results"] = std::move(results);
  const ordered_json document = {{"$schema",
                                  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/"
                                  "schemas/sarif-schema-2.1.0.json"},
                                 {"version", "2.1.0"},
                                 {"runs", ordered_json::array({std::move(run)})}};
  return document.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace taskleak::internal
