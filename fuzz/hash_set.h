// How many different traces there were, or pairs of operations.
#ifndef TASKLEAK_FUZZ_HASH_SET_H_
#define TASKLEAK_FUZZ_HASH_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace taskleak::internal {

// Hashes, up to kMost of them: a search may go on for days. Open addressing in a table
// that doubles.
class HashSet {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 20;

  // True if it is new. When the set is full, no hash is new.
  bool Insert(std::uint64_t hash) {
    hash |= hash == 0 ? 1 : 0;  // 0 marks what is free.
    if (2 * (size_ + 1) > table_.size()) Grow();
    std::uint64_t* place = Find(hash);
    if (*place == hash || full()) return false;
    *place = hash;
    ++size_;
    return true;
  }
  std::size_t size() const { return size_; }
  bool full() const { return size_ >= kMost; }

 private:
  std::uint64_t* Find(std::uint64_t hash) {
    std::size_t i = hash * 0x9e3779b97f4a7c15ULL >> 20;
    for (;; ++i) {
      std::uint64_t& place = table_[i & (table_.size() - 1)];
      if (place == 0 || place == hash) return &place;
    }
  }
  void Grow() {
    if (full()) return;
    const std::vector<std::uint64_t> before = std::move(table_);
    table_.assign(before.empty() ? 64 : 2 * before.size(), 0);
    for (const std::uint64_t hash : before)
      if (hash != 0) *Find(hash) = hash;
  }

  std::vector<std::uint64_t> table_;  // A power of two, at most half full, but for its last one.
  std::size_t size_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_HASH_SET_H_
