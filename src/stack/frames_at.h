// From an address in a module to frames: what a process's symbolizer and the one for files share.

#ifndef TASKLEAK_SRC_STACK_FRAMES_AT_H_
#define TASKLEAK_SRC_STACK_FRAMES_AT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "src/stack/frame.h"
#include "src/stack/module_index.h"

namespace taskleak::internal {

// The frames at `address`, which lies inside the instruction that is meant: inlined ones first. The
// caller holds the lock that guards `module`.
std::vector<Frame> FramesAt(ModuleIndex* module, Dwarf_Addr address, std::uintptr_t pc);

// The one frame of an address that lies in no module: "0x12".
std::vector<Frame> FramesOfUnknown(std::uintptr_t pc);

// The one frame of an address in a module whose file tells nothing: "module+0x12".
std::vector<Frame> FramesOfModule(std::string_view module, std::uintptr_t offset);

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_FRAMES_AT_H_
