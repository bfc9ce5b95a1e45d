// Names for people. Each step below rewrites the readable form of one kind of noise; compilers and
// demanglers spell lambdas differently, so that the same function would otherwise have another name
// in each build.

#include <cxxabi.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "src/stack/frame.h"

namespace taskleak::internal {
namespace {

constexpr std::size_t kWideName = 60;  // columns

// Brackets and spaces that belong to an operator's name, not to the structure, are hidden behind
// control characters while the name is rewritten: kHidden[i] stands for kVisible[i].
constexpr std::string_view kVisible = "<>() ";
constexpr std::string_view kHidden = "\x01\x02\x03\x04\x05";
constexpr std::string_view kHiddenCall = "operator\x03\x04";
constexpr std::string_view kLambda = "{lambda}";
constexpr std::string_view kEllipsis = "…";

char Hide(char c) {
  const std::size_t i = kVisible.find(c);
  return i == std::string_view::npos ? c : kHidden[i];
}

bool IsIdentifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void HideOperators(std::string* name) {
  constexpr std::string_view kOperator = "operator";
  for (std::size_t i = name->find("->"); i != std::string::npos; i = name->find("->", i)) {
    (*name)[i + 1] = Hide('>');
  }
  for (std::size_t at = name->find(kOperator); at != std::string::npos;
       at = name->find(kOperator, at + 1)) {
    std::size_t i = at + kOperator.size();
    if ((at > 0 && IsIdentifier((*name)[at - 1])) || i >= name->size() ||
        IsIdentifier((*name)[i])) {
      continue;
    }
    if (name->compare(i, 2, "()") == 0) {
      (*name)[i] = Hide('(');
      (*name)[i + 1] = Hide(')');
    } else if ((*name)[i] == ' ') {  // operator new, operator bool
      for (; i < name->size() && (*name)[i] != '(' && (*name)[i] != '<'; ++i) {
        (*name)[i] = Hide((*name)[i]);
      }
    } else {
      constexpr std::string_view kSymbols = "<>=-!&|^~*+/%,[]";
      for (; i < name->size() && (kSymbols.find((*name)[i]) != std::string_view::npos ||
                                  ((*name)[i] == ' ' && name->compare(i, 2, " <") == 0));
           ++i) {
        const bool arguments = (*name)[i] == ' ';
        (*name)[i] = Hide((*name)[i]);
        if (arguments) break;
      }
    }
  }
}

void Restore(std::string* name) {
  for (char& c : *name) {
    const std::size_t i = kHidden.find(c);
    if (i != std::string_view::npos) c = kVisible[i];
  }
}

bool Opens(char c) { return c == '<' || c == '(' || c == '{' || c == '['; }
bool Closes(char c) { return c == '>' || c == ')' || c == '}' || c == ']'; }

// The index after the group that opens at `i`.
std::size_t GroupEnd(std::string_view name, std::size_t i) {
  int depth = 0;
  for (; i < name.size(); ++i) {
    if (Opens(name[i])) ++depth;
    if (Closes(name[i]) && --depth <= 0) return i + 1;
  }
  return name.size();
}

void Replace(std::string* name, std::string_view what, std::string_view by) {
  for (std::size_t at = name->find(what); at != std::string::npos; at = name->find(what, at)) {
    name->replace(at, what.size(), by);
  }
}

// {lambda(int)#1} (gcc's demangler), $_0 (clang's own), 'lambda'(int) (LLVM's demangler),
// <lambda(int)> (gcc's DWARF).
void UnifyLambdas(std::string* name) {
  for (std::size_t at = name->find("{lambda("); at != std::string::npos;
       at = name->find("{lambda(", at)) {
    name->replace(at, GroupEnd(*name, at) - at, kLambda);
  }
  for (std::size_t at = name->find("<lambda("); at != std::string::npos;
       at = name->find("<lambda(", at)) {
    name->replace(at, GroupEnd(*name, at) - at, kLambda);
  }
  for (std::size_t at = name->find("$_"); at != std::string::npos; at = name->find("$_", at)) {
    std::size_t end = at + 2;
    while (end < name->size() && IsIdentifier((*name)[end])) ++end;
    name->replace(at, end - at, kLambda);
  }
  for (std::size_t at = name->find("'lambda"); at != std::string::npos;
       at = name->find("'lambda", at)) {
    std::size_t end = name->find('\'', at + 1);
    if (end == std::string::npos) break;
    ++end;
    if (end < name->size() && (*name)[end] == '(') end = GroupEnd(*name, end);
    name->replace(at, end - at, kLambda);
  }
}

// foo()::{lambda}::operator()<int>(int) is the lambda's body, and so are the functions that call it
// by pointer.
void DropCallOperators(std::string* name) {
  for (std::size_t at = name->find(kLambda); at != std::string::npos;
       at = name->find(kLambda, at)) {
    at += kLambda.size();
    for (const std::string_view call :
         {kHiddenCall, std::string_view("_FUN"), std::string_view("__invoke")}) {
      if (name->compare(at, 2, "::") != 0 || name->compare(at + 2, call.size(), call) != 0)
        continue;
      std::size_t end = at + 2 + call.size();
      if (end < name->size() && (*name)[end] == '<') end = GroupEnd(*name, end);
      if (end < name->size() && (*name)[end] == '(') end = GroupEnd(*name, end);
      name->erase(at, end - at);
      break;
    }
  }
}

// "foo() const::{lambda}", and the same at the end.
void DropQualifiers(std::string* name) {
  for (const std::string_view qualifier : {" const", " volatile", " &&", " &"}) {
    for (std::size_t at = name->find(qualifier); at != std::string::npos;
         at = name->find(qualifier, at + 1)) {
      const std::size_t end = at + qualifier.size();
      const bool after_parameters = at > 0 && ((*name)[at - 1] == ')' || (*name)[at - 1] == '}');
      if (after_parameters &&
          (end == name->size() || name->compare(end, 2, "::") == 0 || (*name)[end] == ' ')) {
        name->erase(at--, qualifier.size());
      }
    }
  }
}

// Demanglers print a template's return type: "void user::Run<int>(int)".
void DropReturnType(std::string* name) {
  std::size_t parameters = std::string::npos;  // the last list of parameters
  for (std::size_t i = 0; i < name->size();) {
    if ((*name)[i] == '(') parameters = i;
    i = Opens((*name)[i]) ? GroupEnd(*name, i) : i + 1;
  }
  std::size_t start = 0;
  for (std::size_t i = 0; i < std::min(parameters, name->size());) {
    if ((*name)[i] == ' ') start = i + 1;
    i = Opens((*name)[i]) ? GroupEnd(*name, i) : i + 1;
  }
  if (parameters != std::string::npos && start < parameters) name->erase(0, start);
}

std::size_t Width(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) columns += (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // UTF-8
  return columns;
}

void ElideGroups(char open, std::string* name) {
  for (std::size_t i = 0; i < name->size();) {
    if (!Opens((*name)[i])) {
      ++i;
      continue;
    }
    const std::size_t end = GroupEnd(*name, i);
    if ((*name)[i] == open && end > i + 2) {
      name->replace(i + 1, end - i - 2, kEllipsis);
      i += kEllipsis.size() + 2;
    } else {
      i = end;
    }
  }
}

std::string Demangle(std::string_view name) {
  if (!name.starts_with("_Z")) return std::string(name);
  const std::string mangled(name.substr(0, name.find('.')));  // foo.cold, foo.part.0
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> result(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && result != nullptr ? result.get() : mangled;
}

}  // namespace

std::string HumanName(std::string_view linkage_name) {
  std::string name = Demangle(linkage_name);
  HideOperators(&name);
  Replace(&name, "(anonymous namespace)::", "");
  Replace(&name, "[abi:cxx11]", "");
  Replace(&name, " >", ">");  // "vector<vector<int> >"
  UnifyLambdas(&name);
  DropQualifiers(&name);
  DropCallOperators(&name);
  DropQualifiers(&name);
  DropReturnType(&name);
  if (Width(name) > kWideName) ElideGroups('(', &name);
  if (Width(name) > kWideName) ElideGroups('<', &name);
  Restore(&name);
  return name;
}

}  // namespace taskleak::internal
