#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "harness/command/render.h"
#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

std::size_t Occurrences(const std::string& text, const std::string& of) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(of, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(AsJUnitTest, FailsTheTestsThatStartedTheThreads) {
  const std::string xml = AsJUnit(FixedReport(), LeakVerdict::kProven);
  EXPECT_NE(xml.find("<testsuites name=\"taskleak\" tests=\"3\" failures=\"2\" errors=\"0\">"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<testcase classname=\"Pool\" name=\"Stops\" time=\"0\">\n      <failure "),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<testcase classname=\"Pool\" name=\"Grows/1\""), std::string::npos) << xml;
  // The leak itself, in the failure's text.
  EXPECT_EQ(Occurrences(xml, "    #0 Pool::Work(Job&lt;int&gt;&amp;)"), 2u) << xml;
  EXPECT_EQ(xml.find("Known()"), std::string::npos) << xml;
}

TEST(AsJUnitTest, WithoutATestChargesTheProcess) {
  const std::string xml = AsJUnit(FixedReport(), LeakVerdict::kSuspect);
  EXPECT_NE(xml.find("<testcase classname=\"taskleak\" name=\"process exit\" time=\"0\">\n"
                     "      <failure "),
            std::string::npos)
      << xml;
}

TEST(AsJUnitTest, WhatWeighsLessIsOutputAndNoFailure) {
  const std::string xml = AsJUnit(FixedReport(), LeakVerdict::kProven);
  EXPECT_NE(xml.find("name=\"process exit\" time=\"0\">\n      <system-out>"), std::string::npos)
      << xml;
}

TEST(AsJUnitTest, OfACleanRunHasOneTestThatPasses) {
  const std::string xml = AsJUnit(RunReport());
  EXPECT_NE(xml.find("tests=\"1\" failures=\"0\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("name=\"process exit\" time=\"0\"/>"), std::string::npos) << xml;
}

TEST(AsJUnitTest, WritesNoControlCharacters) {
  RunReport report = FixedReport();
  report.leaks[0].threads[0].name = "a\x01\x1b<b";
  EXPECT_NE(AsJUnit(report).find("a??&lt;b"), std::string::npos) << AsJUnit(report);
}

}  // namespace
}  // namespace taskleak::internal
