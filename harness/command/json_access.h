// Reading JSON that others wrote, or that was cut off: whatever is missing or of another type is
// the default.
#ifndef TASKLEAK_HARNESS_COMMAND_JSON_ACCESS_H_
#define TASKLEAK_HARNESS_COMMAND_JSON_ACCESS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace taskleak::internal {

inline const nlohmann::json& Member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json* const nothing = new nlohmann::json();
  const auto at = object.is_object() ? object.find(name) : object.end();
  return at != object.end() ? *at : *nothing;
}

inline std::string Text(const nlohmann::json& object, const char* name) {
  const nlohmann::json& member = Member(object, name);
  return member.is_string() ? member.get<std::string>() : "";
}

inline std::int64_t Integer(const nlohmann::json& object, const char* name) {
  const nlohmann::json& member = Member(object, name);
  return member.is_number_integer() ? member.get<std::int64_t>() : 0;
}

inline bool Flag(const nlohmann::json& object, const char* name) {
  const nlohmann::json& member = Member(object, name);
  return member.is_boolean() && member.get<bool>();
}

// An array's elements; none for what is no array.
inline const std::vector<nlohmann::json>& Elements(const nlohmann::json& object, const char* name) {
  static const std::vector<nlohmann::json>* const none = new std::vector<nlohmann::json>();
  const nlohmann::json& member = Member(object, name);
  return member.is_array() ? member.get_ref<const std::vector<nlohmann::json>&>() : *none;
}

inline std::vector<std::string> Texts(const nlohmann::json& object, const char* name) {
  std::vector<std::string> texts;
  for (const nlohmann::json& element : Elements(object, name)) {
    if (element.is_string()) texts.push_back(element.get<std::string>());
  }
  return texts;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_JSON_ACCESS_H_
