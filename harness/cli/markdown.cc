#include "harness/cli/markdown.h"

#include <algorithm>
#include <cstddef>

namespace taskleak::internal {
namespace {

void Escape(std::string& cell) {
  for (std::size_t i = 0; i < cell.size(); ++i)
    if (cell[i] == '|') cell.insert(i++, "\\");
}

}  // namespace

std::string MarkdownTable(std::vector<std::vector<std::string>> lines) {
  std::vector<std::size_t> widths;
  for (auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) {
      Escape(line[i]);
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::string text;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = i < lines[n].size() ? lines[n][i] : "";
      text += "| " + cell + std::string(widths[i] - cell.size() + 1, ' ');
    }
    text += "|\n";
    if (n > 0) continue;
    for (const std::size_t width : widths) text += "|" + std::string(width + 2, '-');
    text += "|\n";
  }
  return text;
}

}  // namespace taskleak::internal
