#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/command/render.h"

namespace taskleak::internal {
namespace {

constexpr std::string_view kNoTest = "process exit";

// XML 1.0 has no way to write most control characters.
std::string Escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\n':
        result += "&#10;";
        break;
      default:
        result += static_cast<unsigned char>(c) < ' ' && c != '\t' ? '?' : c;
    }
  }
  return result;
}

// Within an element a line end is one.
std::string EscapeText(std::string_view text) {
  std::string result = Escape(text);
  for (std::size_t at = 0; (at = result.find("&#10;", at)) != std::string::npos; ++at)
    result.replace(at, 5, "\n");
  return result;
}

// "Suite.Name" is a suite and a test; without a dot it is a test of the suite "taskleak".
std::pair<std::string, std::string> SuiteAndTest(const std::string& scope) {
  if (scope.empty()) return {"taskleak", std::string(kNoTest)};
  const std::size_t dot = scope.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == scope.size()) return {"taskleak", scope};
  return {scope.substr(0, dot), scope.substr(dot + 1)};
}

}  // namespace

std::string AsJUnit(const RunReport& report) {
  std::map<std::string, std::map<std::string, std::vector<const Leak*>>> suites;
  std::size_t failures = 0;
  std::size_t tests = 0;
  for (const Leak& leak : report.leaks) {
    if (!Counts(leak) || leak.verdict == LeakVerdict::kIdle) continue;
    for (const auto& scope : leak.scopes) {
      const auto [suite, test] = SuiteAndTest(scope.first);
      suites[suite][test].push_back(&leak);
    }
  }
  for (const auto& suite : suites) failures += suite.second.size();
  tests = failures;
  if (suites.empty()) {  // A file without a test is an error to some readers.
    suites["taskleak"][std::string(kNoTest)];
    tests = 1;
  }
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"taskleak\" tests=\""
      << tests << "\" failures=\"" << failures << "\" errors=\"0\">\n";
  for (const auto& suite : suites) {
    std::size_t failed = 0;
    for (const auto& test : suite.second) failed += test.second.empty() ? 0 : 1;
    out << "  <testsuite name=\"" << Escape(suite.first) << "\" tests=\"" << suite.second.size()
        << "\" failures=\"" << failed << "\" errors=\"0\" skipped=\"0\" time=\"0\">\n";
    for (const auto& test : suite.second) {
      out << "    <testcase classname=\"" << Escape(suite.first) << "\" name=\""
          << Escape(test.first) << "\" time=\"0\"";
      if (test.second.empty()) {
        out << "/>\n";
        continue;
      }
      // One failure for a test: readers show no more.
      RunReport own;
      own.processes = report.processes;
      for (const Leak* leak : test.second) own.leaks.push_back(*leak);
      out << ">\n      <failure type=\"taskleak\" message=\""
          << Escape(LeakInOneLine(*test.second.front())) << "\">" << EscapeText(AsText(own))
          << "</failure>\n    </testcase>\n";
    }
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
  return out.str();
}

}  // namespace taskleak::internal
