#include <map>
#include <ostream>
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

struct TestLeaks {
  std::vector<const Leak*> failures;
  std::vector<const Leak*> others;
};

std::string TextOf(const RunReport& report, const std::vector<const Leak*>& leaks) {
  RunReport own;
  own.processes = report.processes;
  for (const Leak* leak : leaks) own.leaks.push_back(*leak);
  return EscapeText(AsText(own, {.why_ignored = true}));
}

void PrintTest(std::ostream& out, const RunReport& report, const std::string& suite,
               const std::string& name, const TestLeaks& leaks) {
  out << "    <testcase classname=\"" << Escape(suite) << "\" name=\"" << Escape(name)
      << "\" time=\"0\"";
  if (leaks.failures.empty() && leaks.others.empty()) {
    out << "/>\n";
    return;
  }
  out << ">\n";
  if (!leaks.failures.empty()) {  // One for a test: readers show no more.
    out << "      <failure type=\"taskleak\" message=\""
        << Escape(LeakInOneLine(*leaks.failures.front())) << "\">" << TextOf(report, leaks.failures)
        << "</failure>\n";
  }
  if (!leaks.others.empty())
    out << "      <system-out>" << TextOf(report, leaks.others) << "</system-out>\n";
  out << "    </testcase>\n";
}

}  // namespace

std::string AsJUnit(const RunReport& report, LeakVerdict least) {
  std::map<std::string, std::map<std::string, TestLeaks>> suites;
  for (const Leak& leak : report.leaks) {
    if (!Counts(leak)) continue;
    for (const auto& scope : leak.scopes) {
      const std::pair<std::string, std::string> name = SuiteAndTest(scope.first);
      TestLeaks& test = suites[name.first][name.second];
      (leak.verdict >= least ? test.failures : test.others).push_back(&leak);
    }
  }
  // A file without a test is an error to some readers.
  if (suites.empty()) suites["taskleak"][std::string(kNoTest)];
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::ostringstream body;
  for (const auto& suite : suites) {
    std::size_t failed = 0;
    for (const auto& test : suite.second) failed += test.second.failures.empty() ? 0 : 1;
    tests += suite.second.size();
    failures += failed;
    body << "  <testsuite name=\"" << Escape(suite.first) << "\" tests=\"" << suite.second.size()
         << "\" failures=\"" << failed << "\" errors=\"0\" skipped=\"0\" time=\"0\">\n";
    for (const auto& test : suite.second)
      PrintTest(body, report, suite.first, test.first, test.second);
    body << "  </testsuite>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"taskleak\" tests=\"" +
         std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
         "\" errors=\"0\">\n" + body.str() + "</testsuites>\n";
}

}  // namespace taskleak::internal
