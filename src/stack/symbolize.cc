#include "src/stack/symbolize.h"

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/stack/module_index.h"
#include "src/stack/process_modules.h"

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

}  // namespace

class Symbolizer::Impl {
 public:
  const std::vector<Frame>& Symbolize(std::uintptr_t pc) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [it, inserted] = cache_.try_emplace(pc);
    if (inserted) it->second = Lookup(pc);
    return it->second;
  }

 private:
  ModuleIndex* ModuleAt(Dwarf_Addr address) {
    if (modules_.Refresh()) indexes_.clear();
    Dwfl_Module* const module = modules_.At(address);
    if (module == nullptr) return nullptr;
    std::unique_ptr<ModuleIndex>& index = indexes_[module];
    if (index == nullptr) index = std::make_unique<ModuleIndex>(module);
    return index.get();
  }

  std::vector<Frame> Lookup(std::uintptr_t pc) {
    Frame frame;
    frame.pc = pc;
    frame.offset = pc;
    // A return address may be the first of the next line, or of the next function if the callee
    // never returns.
    const Dwarf_Addr address = pc != 0 ? pc - 1 : 0;
    ModuleIndex* const module = ModuleAt(address);
    if (module == nullptr) {
      frame.function = Hex(pc);
      frame.origin = FrameOrigin::kRuntime;  // where a walk went astray, more likely than code
      return {frame};
    }
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

  // gcc records no linkage name for what has internal linkage: lambdas, anonymous namespaces,
  // templates over these. For the function that holds the address the symbol table has it; an
  // inlined one has only the scopes it was written in.
  static void Name(ModuleIndex* module, const ModuleIndex::Function& function, Dwarf_Addr address,
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

  static void SetPlace(const char* file, int line, Frame* frame) {
    if (file == nullptr) return;
    frame->file = file;
    frame->line = line;
  }

  static void SetOrigin(std::string_view qualified, Frame* frame) {
    frame->origin = OriginOf({frame->linkage_name, qualified, frame->file, frame->module});
  }

  std::mutex mutex_;  // guards all that follows
  ProcessModules modules_;
  std::unordered_map<Dwfl_Module*, std::unique_ptr<ModuleIndex>> indexes_;
  std::unordered_map<std::uintptr_t, std::vector<Frame>> cache_;  // its nodes never move
};

Symbolizer::Symbolizer() : impl_(std::make_unique<Impl>()) {}

Symbolizer::~Symbolizer() = default;

Symbolizer& Symbolizer::Global() {
  static Symbolizer* const symbolizer = new Symbolizer;
  return *symbolizer;
}

const std::vector<Frame>& Symbolizer::Symbolize(std::uintptr_t return_address) {
  return impl_->Symbolize(return_address);
}

std::vector<Frame> Symbolizer::SymbolizeStack(std::span<const std::uintptr_t> pcs) {
  std::vector<Frame> result;
  for (const std::uintptr_t pc : pcs) {
    const std::vector<Frame>& frames = Symbolize(pc);
    result.insert(result.end(), frames.begin(), frames.end());
  }
  return result;
}

}  // namespace taskleak::internal
