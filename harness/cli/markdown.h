// Tables as Markdown that reads well as text too.
#ifndef TASKLEAK_HARNESS_CLI_MARKDOWN_H_
#define TASKLEAK_HARNESS_CLI_MARKDOWN_H_

#include <string>
#include <vector>

namespace taskleak::internal {

// The first line is the head; the columns are as wide as their widest cell. A '|' in a cell is
// escaped.
std::string MarkdownTable(std::vector<std::vector<std::string>> lines);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_MARKDOWN_H_
