// Turns captured program counters into functions, files and lines, by the debug info of this very
// process.
//
// Linked by the harness and the command only: it needs elfutils, allocates, reads /proc and files,
// and takes a lock. Call it when a report is made, on an OS thread's own stack, outside simulated
// tasks and signal handlers; never while capturing. It never asks a debuginfod server.

#ifndef TASKLEAK_SRC_STACK_SYMBOLIZE_H_
#define TASKLEAK_SRC_STACK_SYMBOLIZE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/stack/frame.h"

namespace taskleak::internal {

// Thread safety: any thread may call any method; one lock serializes them, since libdw has none of
// its own. Invariants:
//   1. An address is looked up once; its frames live, unmoved, as long as the Symbolizer.
//   2. No answer is empty: without debug info it is the symbol table's name, else "module+0x12",
//   else "0x12".
class Symbolizer {
 public:
  // The process's symbolizer. It is never destroyed, so that reports made by static destructors
  // still work.
  static Symbolizer& Global();

  Symbolizer();
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // The frames at `return_address`, inlined ones first and innermost first; the last is the
  // function that holds it. Libraries loaded meanwhile are found. An address of one that was
  // unloaded is not, unless it was asked for before.
  const std::vector<Frame>& Symbolize(std::uintptr_t return_address);

  // All frames of a stack, innermost first.
  std::vector<Frame> SymbolizeStack(std::span<const std::uintptr_t> pcs);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_SYMBOLIZE_H_
