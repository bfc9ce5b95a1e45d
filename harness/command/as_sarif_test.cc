#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "harness/command/render.h"
#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

using nlohmann::json;

json SarifRun(const RunReport& report) {
  const json document = json::parse(AsSarif(report, "/project"));
  EXPECT_EQ(document["version"], "2.1.0");
  EXPECT_EQ(document["runs"].size(), 1u);
  return document["runs"][0];
}

TEST(AsSarifTest, NamesTheToolItsRulesAndItsResults) {
  const json run = SarifRun(FixedReport());
  EXPECT_EQ(run["tool"]["driver"]["name"], "taskleak");
  EXPECT_EQ(run["tool"]["driver"]["version"], "0.1.0");
  ASSERT_EQ(run["results"].size(), 4u);
  for (const json& result : run["results"]) {
    const json& rule = run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()];
    EXPECT_EQ(rule["id"], result["ruleId"]);
    EXPECT_EQ(rule["defaultConfiguration"]["level"], result["level"]);
  }
  EXPECT_EQ(run["results"][0]["level"], "error");
  EXPECT_EQ(run["results"][1]["level"], "warning");
  EXPECT_EQ(run["results"][2]["level"], "note");
  EXPECT_EQ(run["results"][0]["partialFingerprints"]["taskleak/f1"],
            FixedReport().leaks[0].fingerprint);
}

TEST(AsSarifTest, FilesAreNamedFromTheRootOrInFull) {
  const json run = SarifRun(FixedReport());
  const json& inside = run["results"][0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(inside["artifactLocation"]["uri"], "src/pool.cc");
  EXPECT_EQ(inside["artifactLocation"]["uriBaseId"], "SRCROOT");
  EXPECT_EQ(inside["region"]["startLine"], 41);
  EXPECT_EQ(run["originalUriBaseIds"]["SRCROOT"]["uri"], "file:///project/");
  const json& outside = run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"];
  EXPECT_EQ(outside["uri"], "file:///elsewhere/reader,%20v2.cc");
  EXPECT_FALSE(outside.contains("uriBaseId"));
}

TEST(AsSarifTest, TheCodeFlowGoesFromTheStartToTheBlock) {
  const json run = SarifRun(FixedReport());
  const json& steps = run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
  ASSERT_EQ(steps.size(), 4u);
  const auto line = [&](std::size_t i) {
    return steps[i]["location"]["physicalLocation"]["region"]["startLine"].get<int>();
  };
  EXPECT_EQ(line(0), 3);   // main
  EXPECT_EQ(line(1), 7);   // Start
  EXPECT_EQ(line(2), 60);  // Run, of the thread
  EXPECT_EQ(line(3), 41);  // Work
  EXPECT_EQ(steps[1]["location"]["message"]["text"], "The thread is started here.");
  EXPECT_EQ(steps[3]["location"]["message"]["text"], "It is blocked here, in cond wait.");
}

TEST(AsSarifTest, WhatIsLeftOutIsSuppressedAndNothingElseIs) {
  RunReport report = FixedReport();
  report.leaks[1].baselined = "issue 12";
  const json run = SarifRun(report);
  EXPECT_FALSE(run["results"][0].contains("suppressions"));
  EXPECT_EQ(run["results"][1]["suppressions"][0]["justification"], "issue 12");
  EXPECT_EQ(run["results"][3]["suppressions"][0]["justification"], "known.txt:1: taskleak:Known");
}

TEST(AsSarifTest, WithoutLinesThereIsStillAFunction) {
  RunReport report;
  report.leaks = {MakeLeak("F()", "", 0)};
  report.leaks[0].creation.clear();
  const json location = SarifRun(report)["results"][0];
  EXPECT_TRUE(location["locations"].empty() ||
              !location["locations"][0].contains("physicalLocation"));
  EXPECT_EQ(location["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"]
                    ["logicalLocations"][0]["name"],
            "F()");
}

}  // namespace
}  // namespace taskleak::internal
