// Leaves out what a failing program does not need.
#include "src/primitives/model/shrink.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace taskleak::model {
namespace {

// Every program that is this one without one of its parts; the larger parts first.
std::vector<Program> Smaller(const Program& program) {
  std::vector<Program> smaller;
  const auto add = [&]() -> Program& { return smaller.emplace_back(program); };
  const auto erase = [](auto& from, std::size_t i) {
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
  };
  for (std::size_t t = 0; t < program.tasks.size(); ++t) erase(add().tasks, t);
  for (std::size_t t = 0; t < program.tasks.size(); ++t) {
    for (std::size_t i = 0; i < program.tasks[t].size(); ++i) erase(add().tasks[t], i);
  }
  for (std::size_t t = 0; t < program.tasks.size(); ++t) {
    for (std::size_t i = 0; i < program.tasks[t].size(); ++i) {
      const Op& op = program.tasks[t][i];
      if (op.kind != OpKind::kSelect) continue;
      if (op.has_default) add().tasks[t][i].has_default = false;
      for (std::size_t c = 0; c < op.cases.size(); ++c) erase(add().tasks[t][i].cases, c);
    }
  }
  return smaller;
}

}  // namespace

Program Shrink(Program program, const std::function<bool(const Program&)>& fails) {
  for (bool again = true; again;) {
    again = false;
    for (Program& candidate : Smaller(program)) {
      if (!fails(candidate)) continue;
      program = std::move(candidate);
      again = true;
      break;
    }
  }
  return program;
}

}  // namespace taskleak::model
