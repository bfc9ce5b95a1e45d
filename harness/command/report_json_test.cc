// The report as JSON: valid by its schema file, and the same report when it is read again.
#include "harness/command/report_json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

using nlohmann::json;

// The part of JSON Schema 2020-12 that the file uses; anything else in it is an error.
class Validator {
 public:
  explicit Validator(const json& schema) : root_(schema) {}

  std::string Check(const json& value) {
    errors_.str("");
    Check(value, root_, "");
    return errors_.str();
  }

 private:
  void Fail(const std::string& path, const std::string& what) {
    errors_ << path << " " << what << "\n";
  }

  static bool Is(const json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
  }

  void Check(const json& value, const json& schema, const std::string& path) {
    static const std::set<std::string> known = {
        "$schema", "$id",  "title",   "description", "type",    "required", "properties", "items",
        "const",   "enum", "pattern", "minLength",   "minimum", "$ref",     "$defs"};
    for (const auto& [keyword, ignored] : schema.items()) {
      if (!known.contains(keyword)) Fail(path, "has the unknown keyword " + keyword);
    }
    if (schema.contains("$ref")) {
      const std::string reference = schema["$ref"];
      Check(value, root_.at(json::json_pointer(reference.substr(1))), path);
    }
    if (schema.contains("type")) {
      const json& type = schema["type"];
      bool matches = false;
      for (const json& one : type.is_array() ? type : json::array({type}))
        matches = matches || Is(value, one);
      if (!matches) Fail(path, "is no " + type.dump());
    }
    if (schema.contains("const") && value != schema["const"]) Fail(path, "is not the constant");
    if (schema.contains("enum")) {
      bool found = false;
      for (const json& one : schema["enum"]) found = found || one == value;
      if (!found) Fail(path, "is none of " + schema["enum"].dump());
    }
    if (schema.contains("minimum") && value.is_number() && value < schema["minimum"])
      Fail(path, "is too small");
    if (value.is_string()) CheckString(value.get<std::string>(), schema, path);
    if (value.is_object()) CheckObject(value, schema, path);
    if (value.is_array() && schema.contains("items")) {
      for (std::size_t i = 0; i < value.size(); ++i)
        Check(value[i], schema["items"], path + "/" + std::to_string(i));
    }
  }

  void CheckString(const std::string& value, const json& schema, const std::string& path) {
    if (schema.contains("pattern") &&
        !std::regex_search(value, std::regex(schema["pattern"].get<std::string>())))
      Fail(path, "does not match " + schema["pattern"].dump());
    if (schema.contains("minLength") && value.size() < schema["minLength"].get<std::size_t>())
      Fail(path, "is too short");
  }

  void CheckObject(const json& value, const json& schema, const std::string& path) {
    if (schema.contains("required")) {
      for (const json& name : schema["required"]) {
        if (!value.contains(name.get<std::string>())) Fail(path, "lacks " + name.dump());
      }
    }
    if (!schema.contains("properties")) return;
    for (const auto& [name, member] : value.items()) {
      if (schema["properties"].contains(name)) {
        Check(member, schema["properties"][name], path + "/" + name);
      } else {
        Fail(path, "has " + name + ", which the schema does not know");
      }
    }
  }

  const json root_;
  std::ostringstream errors_;
};

json Schema() {
  std::ifstream file(TASKLEAK_SOURCE_DIR "/harness/report/schema/taskleak.report.schema.json");
  return json::parse(file);
}

TEST(ReportJsonTest, IsValidByItsSchema) {
  Validator validator(Schema());
  EXPECT_EQ(validator.Check(json::parse(WriteReport(FixedReport()))), "");
  RunReport empty;
  EXPECT_EQ(validator.Check(json::parse(WriteReport(empty))), "");
}

TEST(ReportJsonTest, TheSchemaRefusesWhatIsWrong) {
  Validator validator(Schema());
  json document = json::parse(WriteReport(FixedReport()));
  document["leaks"][0]["verdict"] = "certain";
  EXPECT_NE(validator.Check(document), "");
  document = json::parse(WriteReport(FixedReport()));
  document["leaks"][0].erase("fingerprint");
  EXPECT_NE(validator.Check(document), "");
  document = json::parse(WriteReport(FixedReport()));
  document["leaks"][0]["blocked_stack"][0]["line"] = "41";
  EXPECT_NE(validator.Check(document), "");
  document = json::parse(WriteReport(FixedReport()));
  document["start"] = "yesterday";
  EXPECT_NE(validator.Check(document), "");
}

TEST(ReportJsonTest, IsTheSameWhenItIsReadAgain) {
  const std::string text = WriteReport(FixedReport());
  std::string why;
  const std::optional<RunReport> report = ReadReport(text, &why);
  ASSERT_TRUE(report.has_value()) << why;
  EXPECT_EQ(WriteReport(*report), text);
}

TEST(ReportJsonTest, SaysWhatIsWrongWithAFile) {
  std::string why;
  const std::string text = WriteReport(FixedReport());
  EXPECT_FALSE(ReadReport(text.substr(0, text.size() / 2), &why).has_value());
  EXPECT_EQ(why, "is cut off, or no JSON");
  EXPECT_FALSE(ReadReport("{\"schema\":\"sarif\"}", &why).has_value());
  EXPECT_EQ(why, "is no taskleak.report");
  EXPECT_FALSE(ReadReport("{\"schema\":\"taskleak.report\",\"version\":7}", &why).has_value());
  EXPECT_EQ(why, "is a taskleak.report of version 7, and this taskleak reads 1");
}

TEST(ReportJsonTest, KeepsAReportWithNamesThatAreNoUtf8) {
  RunReport report = FixedReport();
  report.leaks[0].threads[0].name = "\xff\xfe";
  std::string why;
  EXPECT_TRUE(ReadReport(WriteReport(report), &why).has_value()) << why;
}

TEST(ReportJsonTest, IgnoresMembersOfAnotherType) {
  std::string why;
  const std::optional<RunReport> report = ReadReport(
      R"({"schema":"taskleak.report","version":1,"leaks":[{"count":"many","scopes":7}],"start":3})",
      &why);
  ASSERT_TRUE(report.has_value()) << why;
  ASSERT_EQ(report->leaks.size(), 1u);
  EXPECT_EQ(report->leaks[0].count, 0u);
}

}  // namespace
}  // namespace taskleak::internal
