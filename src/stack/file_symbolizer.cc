#include "src/stack/file_symbolizer.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

#include "src/stack/debug_files.h"
#include "src/stack/frames_at.h"
#include "src/stack/module_index.h"

namespace taskleak::internal {
namespace {

std::string Hexadecimal(const unsigned char* bytes, int size) {
  std::string result;
  for (int i = 0; i < size; ++i) {
    result += "0123456789abcdef"[bytes[i] >> 4];
    result += "0123456789abcdef"[bytes[i] & 15];
  }
  return result;
}

}  // namespace

// One file, laid out by itself.
class FileSymbolizer::Module {
 public:
  enum class State { kRead, kChanged, kUnreadable };

  Module(const std::string& path, const std::string& build_id) {
    callbacks_.find_elf = dwfl_build_id_find_elf;
    callbacks_.find_debuginfo = FindDebugInfo;
    callbacks_.section_address = dwfl_offline_section_address;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    dwfl_ = dwfl_begin(&callbacks_);
    if (dwfl_ != nullptr) {
      dwfl_report_begin(dwfl_);
      module_ = dwfl_report_elf(dwfl_, path.c_str(), path.c_str(), file, 0, true);
      dwfl_report_end(dwfl_, nullptr, nullptr);
    }
    if (module_ == nullptr) {  // It is no ELF file, and still ours to close.
      close(file);
      return;
    }
    const unsigned char* id = nullptr;
    GElf_Addr address = 0;
    // The ELF file is only read, and its build id with it, when it is asked for.
    if (dwfl_module_getelf(module_, &bias_) == nullptr) return;
    const int size = dwfl_module_build_id(module_, &id, &address);
    state_ = Hexadecimal(id, size) == build_id ? State::kRead : State::kChanged;
    if (state_ == State::kRead) index_ = std::make_unique<ModuleIndex>(module_);
  }
  ~Module() {
    if (dwfl_ != nullptr) dwfl_end(dwfl_);
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  State state() const { return state_; }
  std::vector<Frame> FramesAtOffset(std::uint64_t offset) {
    return FramesAt(index_.get(), offset + bias_, static_cast<std::uintptr_t>(offset + bias_ + 1));
  }

 private:
  Dwfl_Callbacks callbacks_ = {};
  Dwfl* dwfl_ = nullptr;
  Dwfl_Module* module_ = nullptr;
  GElf_Addr bias_ = 0;
  State state_ = State::kUnreadable;
  std::unique_ptr<ModuleIndex> index_;
};

FileSymbolizer::FileSymbolizer() = default;

FileSymbolizer::~FileSymbolizer() = default;

FileSymbolizer::Module& FileSymbolizer::Open(const std::string& path, const std::string& build_id) {
  std::unique_ptr<Module>& module = modules_[{path, build_id}];
  if (module == nullptr) module = std::make_unique<Module>(path, build_id);
  return *module;
}

const std::vector<Frame>& FileSymbolizer::Symbolize(const std::string& module,
                                                    const std::string& build_id,
                                                    std::uint64_t offset) {
  const auto [at, inserted] = frames_.try_emplace({module, build_id, offset});
  if (!inserted) return at->second;
  if (module.empty()) {
    at->second = FramesOfUnknown(static_cast<std::uintptr_t>(offset));
    return at->second;
  }
  Module& file = Open(module, build_id);
  at->second = file.state() == Module::State::kRead
                   ? file.FramesAtOffset(offset)
                   : FramesOfModule(module, static_cast<std::uintptr_t>(offset));
  return at->second;
}

std::vector<std::string> FileSymbolizer::Changed() const {
  std::vector<std::string> paths;
  for (const auto& [key, module] : modules_) {
    if (module->state() == Module::State::kChanged) paths.push_back(std::get<0>(key));
  }
  return paths;
}

std::vector<std::string> FileSymbolizer::Unreadable() const {
  std::vector<std::string> paths;
  for (const auto& [key, module] : modules_) {
    if (module->state() == Module::State::kUnreadable) paths.push_back(std::get<0>(key));
  }
  return paths;
}

}  // namespace taskleak::internal
