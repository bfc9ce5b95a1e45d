#include "src/stack/process_modules.h"

#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "src/stack/debug_files.h"

namespace taskleak::internal {
namespace {

// The program's file may have been replaced or removed since it was started, as build systems do;
// /proc/self/exe is the one that runs.
int FindElf(Dwfl_Module* module, void** user_data, const char* name, Dwarf_Addr base,
            char** file_name, Elf** elf) {
  std::array<char, 4096> program;
  const ssize_t size = readlink("/proc/self/exe", program.data(), program.size());
  if (size > 0 && std::string_view(program.data(), static_cast<std::size_t>(size)) == name) {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      *file_name = strdup(name);
      return file;
    }
  }
  return dwfl_linux_proc_find_elf(module, user_data, name, base, file_name, elf);
}

}  // namespace

ProcessModules::ProcessModules() {
  callbacks_.find_elf = FindElf;
  callbacks_.find_debuginfo = FindDebugInfo;
  dwfl_ = dwfl_begin(&callbacks_);
}

ProcessModules::~ProcessModules() {
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
}

ProcessModules::LoadCounts ProcessModules::CountLoads() {
  LoadCounts counts;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t size, void* result) {
        if (size >= offsetof(dl_phdr_info, dlpi_subs) + sizeof(info->dlpi_subs)) {
          *static_cast<LoadCounts*>(result) = {info->dlpi_adds, info->dlpi_subs};
        }
        return 1;  // every module tells the same
      },
      &counts);
  return counts;
}

bool ProcessModules::Refresh() {
  const LoadCounts counts = CountLoads();
  if (dwfl_ == nullptr || counts == counts_) return false;
  counts_ = counts;
  dwfl_report_begin(dwfl_);
  dwfl_linux_proc_report(dwfl_, getpid());
  dwfl_report_end(dwfl_, nullptr, nullptr);
  return true;
}

Dwfl_Module* ProcessModules::At(Dwarf_Addr address) const {
  Dwfl_Module* const module = dwfl_ != nullptr ? dwfl_addrmodule(dwfl_, address) : nullptr;
  if (module == nullptr) return nullptr;
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
  dwfl_module_info(module, nullptr, &low, &high, nullptr, nullptr, nullptr, nullptr);
  return low <= address && address < high ? module : nullptr;  // libdwfl adds the gap behind it
}

}  // namespace taskleak::internal
