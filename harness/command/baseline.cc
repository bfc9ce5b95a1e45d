#include "harness/command/baseline.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "harness/command/json_access.h"

namespace taskleak::internal {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// The leak's first words, without the number of threads, which changes.
std::string TitleOf(const Leak& leak) {
  const std::string line = LeakInOneLine(leak);
  const std::size_t at = line.find("blocked in ");
  return at != std::string::npos ? line.substr(at) : line;
}

// By fingerprint: leaks that differ in lines alone are one.
std::map<std::string, Comparison::Item> ItemsOf(const RunReport& report, LeakVerdict least) {
  std::map<std::string, Comparison::Item> items;
  for (const Leak& leak : report.leaks) {
    if (leak.verdict < least || !leak.suppressed_by.empty()) continue;
    Comparison::Item& item = items[leak.fingerprint];
    item.fingerprint = leak.fingerprint;
    if (item.title.empty()) item.title = TitleOf(leak);
    item.count += leak.count;
  }
  return items;
}

bool IsDate(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}

}  // namespace

std::optional<Baseline> ReadBaseline(const std::string& text, std::string* why) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    *why = "is cut off, or no JSON; take it from version control";
    return std::nullopt;
  }
  if (Text(document, "schema") != "taskleak.baseline" || Integer(document, "version") != 1) {
    *why = "is no taskleak.baseline of version 1; --update writes one";
    return std::nullopt;
  }
  Baseline baseline;
  std::set<std::string> seen;
  for (const json& value : Elements(document, "leaks")) {
    BaselineEntry entry;
    entry.fingerprint = Text(value, "fingerprint");
    entry.title = Text(value, "title");
    entry.count = static_cast<std::uint64_t>(Integer(value, "count"));
    entry.owner = Text(value, "owner");
    entry.reason = Text(value, "reason");
    entry.expires = Text(value, "expires");
    entry.absent = static_cast<int>(Integer(value, "absent"));
    if (entry.fingerprint.empty()) {
      *why = "has an entry without a fingerprint (\"" + entry.title + "\")";
      return std::nullopt;
    }
    if (!entry.expires.empty() && !IsDate(entry.expires)) {
      *why = "says that " + entry.fingerprint + " expires on \"" + entry.expires +
             "\"; write a date such as 2026-01-31";
      return std::nullopt;
    }
    if (!seen.insert(entry.fingerprint).second) {
      *why = "has " + entry.fingerprint + " twice; leave one";
      return std::nullopt;
    }
    baseline.entries.push_back(std::move(entry));
  }
  return baseline;
}

std::string WriteBaseline(const Baseline& baseline) {
  std::vector<BaselineEntry> entries = baseline.entries;
  std::sort(entries.begin(), entries.end(), [](const BaselineEntry& a, const BaselineEntry& b) {
    return std::tie(a.title, a.fingerprint) < std::tie(b.title, b.fingerprint);
  });
  ordered_json leaks = ordered_json::array();
  for (const BaselineEntry& entry : entries) {
    leaks.push_back({{"fingerprint", entry.fingerprint},
                     {"title", entry.title},
                     {"count", entry.count},
                     {"owner", entry.owner},
                     {"reason", entry.reason},
                     {"expires", entry.expires},
                     {"absent", entry.absent}});
  }
  const ordered_json document = {
      {"schema", "taskleak.baseline"}, {"version", 1}, {"leaks", std::move(leaks)}};
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Comparison Compare(const RunReport& report, const Baseline& baseline, LeakVerdict least,
                   const std::string& today) {
  // What is known stays known when a run could prove less of it.
  const std::map<std::string, Comparison::Item> any = ItemsOf(report, LeakVerdict::kIdle);
  std::map<std::string, Comparison::Item> items = ItemsOf(report, least);
  Comparison result;
  for (const BaselineEntry& entry : baseline.entries) {
    const auto at = items.find(entry.fingerprint);
    if (at == items.end()) {
      if (!any.contains(entry.fingerprint))
        result.unseen.push_back({entry.fingerprint, entry.title, 0, &entry, ""});
      continue;
    }
    Comparison::Item item = std::move(at->second);
    items.erase(at);
    item.entry = &entry;
    if (!entry.expires.empty() && entry.expires < today) {
      item.why = "its entry in the baseline expired on " + entry.expires;
    } else if (item.count > entry.count) {
      item.why = "the baseline knows " + Plural(entry.count, "thread") + " of it";
    }
    (item.why.empty() ? result.known : result.fresh).push_back(std::move(item));
  }
  for (auto& item : items) result.fresh.push_back(std::move(item.second));
  return result;
}

Comparison CompareWithBase(const RunReport& report, const RunReport& base, LeakVerdict least) {
  // A verdict may change from run to run: what the base has, with whatever verdict, is not new.
  const std::map<std::string, Comparison::Item> known = ItemsOf(base, LeakVerdict::kIdle);
  Comparison result;
  for (auto& item : ItemsOf(report, least))
    (known.contains(item.first) ? result.known : result.fresh).push_back(item.second);
  return result;
}

Baseline Updated(const Baseline& baseline, const Comparison& comparison, bool complete,
                 bool accept_new) {
  std::set<std::string> unseen;
  for (const Comparison::Item& item : comparison.unseen) unseen.insert(item.fingerprint);
  Baseline result;
  for (BaselineEntry entry : baseline.entries) {
    if (!unseen.contains(entry.fingerprint)) {
      entry.absent = 0;
    } else if (complete && ++entry.absent >= kRunsUntilGone) {
      continue;
    }
    result.entries.push_back(std::move(entry));
  }
  if (!accept_new) return result;
  for (const Comparison::Item& item : comparison.fresh) {
    if (item.entry == nullptr) {
      result.entries.push_back({item.fingerprint, item.title, item.count, "", "", "", 0});
      continue;
    }
    for (BaselineEntry& entry : result.entries) {
      if (entry.fingerprint == item.fingerprint) entry.count = std::max(entry.count, item.count);
    }
  }
  return result;
}

void MarkBaselined(const Comparison& comparison, RunReport* report) {
  for (Leak& leak : report->leaks) {
    for (const Comparison::Item& item : comparison.known) {
      if (item.fingerprint != leak.fingerprint) continue;
      const bool said = item.entry != nullptr && !item.entry->reason.empty();
      leak.baselined = said ? item.entry->reason : "no reason is given";
    }
  }
}

}  // namespace taskleak::internal
