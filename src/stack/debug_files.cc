#include "src/stack/debug_files.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <libelf.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

namespace taskleak::internal {
namespace {

// A debug link is a mere file name, which may lead to another build's file.
bool HasBuildIdOf(Dwfl_Module* module, int file) {
  const unsigned char* wanted = nullptr;
  GElf_Addr address = 0;
  const int size = dwfl_module_build_id(module, &wanted, &address);
  if (size <= 0) return true;
  elf_version(EV_CURRENT);
  Elf* const elf = elf_begin(file, ELF_C_READ, nullptr);
  const void* found = nullptr;
  const bool same = elf != nullptr && dwelf_elf_gnu_build_id(elf, &found) == size &&
                    std::memcmp(found, wanted, static_cast<std::size_t>(size)) == 0;
  elf_end(elf);
  return same;
}

}  // namespace

int FindDebugInfo(Dwfl_Module* module, void** user_data, const char* name, Dwarf_Addr base,
                  const char* file_name, const char* link, GElf_Word crc, char** result) {
  const int by_id =
      dwfl_build_id_find_debuginfo(module, user_data, name, base, file_name, link, crc, result);
  if (by_id >= 0 || link == nullptr || file_name == nullptr) return by_id;
  const std::string_view path(file_name);
  const std::string directory(path.substr(0, path.rfind('/') + 1));
  for (const std::string& candidate :
       {directory + link, directory + ".debug/" + link, "/usr/lib/debug" + directory + link}) {
    const int file = candidate != path ? open(candidate.c_str(), O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) continue;
    if (HasBuildIdOf(module, file)) {
      *result = strdup(candidate.c_str());
      return file;
    }
    close(file);
  }
  return -1;
}

}  // namespace taskleak::internal
