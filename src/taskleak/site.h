// A place in the user's code: where an operation stands or an object was made.
#ifndef TASKLEAK_SITE_H_
#define TASKLEAK_SITE_H_

#include <cstdint>

namespace taskleak {

// File and line of a call, filled in by the compiler: every public operation ends in a parameter
// `const Site& site = Site::Here()`, which callers leave out. It costs two stores, where a stack
// walk would cost a loop; full stacks are captured only where a task is started. By reference down
// to where it is kept, since copying 16 bytes that were just written as two words stalls the
// processor: 5 % of a whole run, as measured.
//
// The builtins serve instead of std::source_location, which clang 14 cannot read from libstdc++ 12.
struct Site {
  const char* file = nullptr;  // As the compiler was given it; static storage.
  std::uint32_t line = 0;

  static constexpr Site Here(const char* file = __builtin_FILE(),
                             std::uint32_t line = __builtin_LINE()) noexcept {
    return Site{file, line};
  }

  // As an assignment, but by two loads, as its two words were stored: one load of both would wait
  // until the stores have reached the cache.
  constexpr void Set(const Site& other) noexcept {
    file = other.file;
    line = other.line;
  }

  explicit constexpr operator bool() const noexcept { return file != nullptr; }
};

}  // namespace taskleak

#endif  // TASKLEAK_SITE_H_
