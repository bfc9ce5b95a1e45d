#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "harness/command/render.h"
#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

std::size_t Lines(const std::string& text, const std::string& start) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    count += text.compare(at, start.size(), start) == 0 ? 1 : 0;
  return count;
}

TEST(AsGithubTest, IsThis) {
  EXPECT_EQ(
      AsGithub(FixedReport(), "/project"),
      "::error file=src/pool.cc,line=41,title=taskleak%3A a thread that never ends::3 threads "
      "blocked in cond wait at Pool::Work(Job<int>&) (pool.cc:41), started at Start() "
      "(start.cc:7)%0Ain Pool.Grows/1 and elsewhere\n"
      "::warning file=/elsewhere/reader%2C v2.cc,line=9,title=taskleak%3A a thread that never "
      "ends::1 thread blocked in cond wait at Reader::Loop() (reader, v2.cc:9), started at Start() "
      "(start.cc:7)\n"
      "::notice file=src/idle.cc,line=2,title=taskleak%3A a thread that never ends::1 thread "
      "blocked in cond wait at Idle::Wait() (idle.cc:2), started at Start() (start.cc:7)\n");
}

TEST(AsGithubTest, EscapesWhatWouldEndACommand) {
  RunReport report;
  report.leaks = {MakeLeak("F(100%)\n::error::", "/project/a%b,c:d.cc", 3)};
  const std::string text = AsGithub(report, "/project");
  EXPECT_EQ(Lines(text, "::"), 1u) << text;
  EXPECT_NE(text.find("file=a%25b%2Cc%3Ad.cc,"), std::string::npos) << text;
  EXPECT_NE(text.find("F(100%25)%0A::error::"), std::string::npos) << text;
}

TEST(AsGithubTest, OfMoreThanTenSumsUpTheRest) {
  RunReport report;
  for (int i = 0; i < 10; ++i)
    report.leaks.push_back(MakeLeak("F" + std::to_string(i) + "()", "/project/f.cc", i + 1));
  EXPECT_EQ(Lines(AsGithub(report, ""), "::error file="), 10u);
  for (int i = 10; i < 25; ++i)
    report.leaks.push_back(MakeLeak("F" + std::to_string(i) + "()", "/project/f.cc", i + 1));
  const std::string text = AsGithub(report, "");
  EXPECT_EQ(Lines(text, "::error file="), 9u) << text;
  EXPECT_EQ(Lines(text, "::error "), 10u) << text;
  EXPECT_NE(text.find("::16 more leaks (16 threads), proven; the report has them all\n"),
            std::string::npos)
      << text;
}

TEST(AsGithubTest, OfACleanRunIsNothing) { EXPECT_EQ(AsGithub(RunReport(), "/project"), ""); }

}  // namespace
}  // namespace taskleak::internal
