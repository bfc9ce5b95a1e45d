#include "src/stack/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <utility>

namespace taskleak::internal {
namespace {

constexpr std::size_t kNameColumns = 31;  // so that places line up in column 38 of a report

// Where a program hands over to its tests: what lies outside of it is the same for each of them.
bool StartsTests(const Frame& frame) {
  return frame.origin == FrameOrigin::kRuntime &&
         (frame.function.starts_with("RUN_ALL_TESTS") ||
          frame.function.starts_with("testing::UnitTest::Run(") ||
          frame.function.starts_with("LLVMFuzzerRunDriver") ||
          frame.function.starts_with("fuzzer::FuzzerDriver("));
}

bool IsUser(const Frame& frame) { return frame.origin == FrameOrigin::kUser; }

std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // UTF-8 continues
  }));
}

}  // namespace

std::vector<Frame> TrimToUser(std::vector<Frame> frames) {
  const auto outer = std::find_if(frames.begin(), frames.end(), StartsTests);
  const auto first = std::find_if(frames.begin(), outer, IsUser);
  if (first == outer) {
    if (outer == frames.end()) return frames;
    // The driver's own set-up, or main after the tests: its frames are all there is.
    const auto main = std::find_if(outer, frames.end(), IsUser);
    if (main == frames.end()) return frames;
    frames.erase(frames.begin(), main);
    while (!IsUser(frames.back())) frames.pop_back();
    return frames;
  }
  auto last = outer;
  while (!IsUser(*std::prev(last))) --last;
  return {std::make_move_iterator(first), std::make_move_iterator(last)};
}

std::string_view Basename(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::string FormatLocation(const Frame& frame) {
  if (!frame.file.empty()) {
    std::string place(Basename(frame.file));
    return frame.line > 0 ? place + ":" + std::to_string(frame.line) : place;
  }
  if (frame.module.empty()) return "(no module)";
  char offset[24];
  std::snprintf(offset, sizeof(offset), "+0x%zx", static_cast<std::size_t>(frame.offset));
  return "(" + std::string(Basename(frame.module)) + offset + ")";
}

std::string FormatFrame(const Frame& frame, int index) {
  std::string line = "    #" + std::to_string(index) + " " + frame.function;
  const std::size_t prefix = line.size() - frame.function.size();
  const std::size_t width = prefix + Columns(frame.function);
  const std::size_t column = 7 + kNameColumns;
  line.append(width + 1 < column ? column - width : 2, ' ');
  return line + FormatLocation(frame);
}

}  // namespace taskleak::internal
