#include "harness/command/fingerprint.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace taskleak::internal {
namespace {

// FNV-1a: the same on every machine, and good enough for names.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

// A module's name without its version: a distribution's update changes no leak.
std::string ModuleOf(const Frame& frame) {
  std::string name(Basename(frame.module));
  if (const std::size_t so = name.find(".so"); so != std::string::npos) name.resize(so + 3);
  return name;
}

std::string NameOf(const Frame& frame) {
  const bool named = !frame.linkage_name.empty() || !frame.file.empty();
  const std::string offset = std::string(Basename(frame.module)) + "+0x";
  if (!named && (frame.module.empty() || frame.function.starts_with(offset)))
    return ModuleOf(frame);  // Stripped: the offset is another in the next build.
  return NormalizedName(frame.function);
}

std::string Names(const std::vector<Frame>& stack, bool users_only) {
  std::string names;
  std::string last;
  for (const Frame& frame : stack) {
    if (users_only && frame.origin != FrameOrigin::kUser) continue;
    const std::string name = NameOf(frame);
    if (name.empty() || name == last) continue;
    names += name + "\n";
    last = name;
  }
  return names;
}

}  // namespace

std::string NormalizedName(std::string_view function) {
  function = function.substr(0, function.find(" [clone"));
  std::string name;
  int depth = 0;
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    // operator<, operator>>, operator-> and operator() are names.
    if (depth == 0 && name.ends_with("operator")) {
      if (function.substr(i).starts_with("()")) {
        name += "()";
        ++i;
        continue;
      }
      if (c == '<' || c == '>' || c == '-') {
        const std::size_t begin = i;
        while (i < function.size() && (function[i] == '<' || function[i] == '>' ||
                                       function[i] == '-' || function[i] == '='))
          ++i;
        name += function.substr(begin, i - begin);
        --i;
        continue;
      }
    }
    if (c == '(' || c == '<') {
      ++depth;
    } else if ((c == ')' || c == '>') && depth > 0) {
      --depth;
    } else if (depth == 0) {
      name += c;
    }
  }
  // " const", " &" and what else follows the parameters; ".cold", ".isra.0".
  name.resize(std::min(name.size(), name.find(" const")));
  while (!name.empty() && (name.back() == ' ' || name.back() == '&')) name.pop_back();
  for (const std::string_view suffix : {".cold", ".isra", ".part", ".constprop", ".llvm"})
    name.resize(std::min(name.size(), name.find(suffix)));
  return name;
}

std::string Fingerprint(std::string_view operation, const std::vector<Frame>& blocked,
                        const std::vector<Frame>& creation) {
  std::string blocked_names = Names(blocked, true);
  std::string creation_names = Names(creation, true);
  if (blocked_names.empty() && creation_names.empty()) {  // No code of the user's took part.
    blocked_names = Names(blocked, false);
    creation_names = Names(creation, false);
  }
  char digits[20];
  std::snprintf(digits, sizeof(digits), "%016llx",
                static_cast<unsigned long long>(Hash(std::string(operation) + "\n--\n" +
                                                     blocked_names + "--\n" + creation_names)));
  return std::string("f1-") + digits;
}

}  // namespace taskleak::internal
