#include "src/stack/symbolize.h"

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "src/stack/frames_at.h"
#include "src/stack/module_index.h"
#include "src/stack/process_modules.h"

namespace taskleak::internal {
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
    // A return address may be the first of the next line, or of the next function if the callee
    // never returns.
    const Dwarf_Addr address = pc != 0 ? pc - 1 : 0;
    ModuleIndex* const module = ModuleAt(address);
    return module != nullptr ? FramesAt(module, address, pc) : FramesOfUnknown(pc);
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
