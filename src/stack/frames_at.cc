#include "src/stack/frames_at.h"

#include <string>
#include <string_view>
#include <utility>

namespace taskleak::internal {
namespace {

std::string Hex(std::uintptr_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  do {
    result.insert(result.begin(), kDigits[value % 16]);
    value /= 16;
  } while (value != 0);
  return "0x" + result;
}

void SetPlace(const char* file, int line, Frame* frame) {
  if (file == nullptr) return;
  frame->file = file;
  frame->line = line;
}

void SetOrigin(std::string_view qualified, Frame* frame) {
  frame->origin = OriginOf({frame->linkage_name, qualified, frame->file, frame->module});
}

// gcc records no linkage name for what has internal linkage: lambdas, anonymous namespaces,
// templates over these. For the function that holds the address the symbol table has it; an
// inlined one has only the scopes it was written in.
void Name(ModuleIndex* module, const ModuleIndex::Function& function, Dwarf_Addr address,
          Frame* frame) {
  const char* linkage = function.linkage_name;
  if (linkage == nullptr && !frame->inlined) linkage = module->Symbol(address);
  if (linkage != nullptr) frame->linkage_name = linkage;
  if (frame->linkage_name.starts_with("_Z")) {
    frame->function = HumanName(frame->linkage_name);
    SetOrigin("", frame);
    return;
  }
  const std::string qualified = module->QualifiedName(function.die);
  frame->function = HumanName(qualified);
  if (frame->function.empty()) frame->function = frame->linkage_name;
  SetOrigin(qualified, frame);
}

}  // namespace

std::vector<Frame> FramesOfUnknown(std::uintptr_t pc) {
  Frame frame;
  frame.pc = pc;
  frame.offset = pc;
  frame.function = Hex(pc);
  frame.origin = FrameOrigin::kRuntime;  // where a walk went astray, more likely than code
  return {frame};
}

std::vector<Frame> FramesOfModule(std::string_view module, std::uintptr_t offset) {
  Frame frame;
  frame.offset = offset;
  frame.module = module;
  frame.function = std::string(Basename(module)) + "+" + Hex(offset);
  SetOrigin("", &frame);
  return {frame};
}

std::vector<Frame> FramesAt(ModuleIndex* module, Dwarf_Addr address, std::uintptr_t pc) {
  Frame frame;
  frame.pc = pc;
  frame.module = module->path();
  frame.offset = address - module->bias();

  const ModuleIndex::Location location = module->Locate(address);
  const char* file = location.file;
  int line = location.line;
  std::vector<Frame> frames;
  for (const ModuleIndex::Function& function : location.functions) {
    Frame& next = frames.emplace_back(frame);
    next.inlined = frames.size() < location.functions.size();
    SetPlace(file, line, &next);
    Name(module, function, address, &next);
    file = function.call_file;
    line = function.call_line;
  }
  if (frames.empty()) {  // no debug info, or only line tables
    const char* const symbol = module->Symbol(address);
    frame.linkage_name = symbol != nullptr ? symbol : "";
    frame.function = symbol != nullptr
                         ? HumanName(symbol)
                         : std::string(Basename(frame.module)) + "+" + Hex(frame.offset);
    SetPlace(file, line, &frame);
    frames.push_back(std::move(frame));
    SetOrigin("", &frames.back());
  }
  return frames;
}

}  // namespace taskleak::internal
