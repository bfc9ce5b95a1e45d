#include "fuzz/pair_coverage.h"

#include <algorithm>

namespace taskleak::internal {

void PairCoverage::Begin() {
  for (std::vector<std::uint64_t>& last : last_) last.clear();
}

// The same for equal names, whatever their pointers: their number in order of appearance.
std::uint64_t PairCoverage::FileCode(const char* file) {
  for (const auto& [pointer, code] : files_)
    if (pointer == file) return code;
  const std::string_view name = file != nullptr ? file : "";
  const auto known = std::find(names_.begin(), names_.end(), name);
  const auto code = static_cast<std::uint64_t>(known - names_.begin());
  if (known == names_.end()) names_.push_back(name);
  files_.emplace_back(file, code);
  return code;
}

std::uint64_t PairCoverage::Code(const Operation& op) {
  return 1 + (FileCode(op.site.file) << 32 | static_cast<std::uint64_t>(op.site.line) << 8 |
              static_cast<std::uint64_t>(op.kind));
}

void PairCoverage::OnAfter(const SimTask& /*task*/, const Operation& op, std::uint32_t outcome) {
  const Object* object = op.object;
  if (outcome >= outcome::kChose && outcome - outcome::kChose < op.case_count)
    object = op.cases[outcome - outcome::kChose].object;
  if (object == nullptr) return;
  std::vector<std::uint64_t>& last = last_[static_cast<std::size_t>(object->kind) % kKinds];
  if (last.size() <= object->number) last.resize(object->number + 1, 0);
  const std::uint64_t code = Code(op);
  const std::uint64_t before = std::exchange(last[object->number], code);
  if (before != 0) pairs_.Insert((before * 0xd1342543de82ef95ULL) ^ code);
}

}  // namespace taskleak::internal
