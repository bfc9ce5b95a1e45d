#include "src/threads/preload/symbols.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace taskleak::internal {
namespace {

// Where the program was loaded: what the kernel says of its headers, less what they say themselves.
uintptr_t LoadBias() {
  const auto* header = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const auto at = reinterpret_cast<uintptr_t>(header);
  const unsigned long count = getauxval(AT_PHNUM);
  for (unsigned long i = 0; header != nullptr && i < count; ++i)
    if (header[i].p_type == PT_PHDR) return at - header[i].p_vaddr;
  return 0;
}

}  // namespace

ProgramSymbols::ProgramSymbols() {
  const long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const off_t size = lseek(static_cast<int>(file), 0, SEEK_END);
  if (size > 0) {
    void* data =
        mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE, static_cast<int>(file), 0);
    if (data != MAP_FAILED) {
      data_ = static_cast<const char*>(data);
      size_ = static_cast<size_t>(size);
    }
  }
  syscall(SYS_close, file);
  const auto inside = [this](uint64_t offset, uint64_t length) {
    return offset <= size_ && length <= size_ - offset;
  };
  if (data_ == nullptr || !inside(0, sizeof(ElfW(Ehdr)))) return;
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(data_);
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_shentsize != sizeof(ElfW(Shdr)) ||
      !inside(header->e_shoff, uint64_t{header->e_shnum} * sizeof(ElfW(Shdr))))
    return;
  const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(data_ + header->e_shoff);
  for (int i = 0; i < header->e_shnum; ++i) {
    const ElfW(Shdr)& section = sections[i];
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= header->e_shnum) continue;
    const ElfW(Shdr)& names = sections[section.sh_link];
    if (!inside(section.sh_offset, section.sh_size) || !inside(names.sh_offset, names.sh_size) ||
        names.sh_size == 0 || data_[names.sh_offset + names.sh_size - 1] != '\0')
      return;
    base_ = LoadBias();
    symbols_ = reinterpret_cast<const ElfW(Sym)*>(data_ + section.sh_offset);
    count_ = section.sh_size / sizeof(ElfW(Sym));
    names_ = data_ + names.sh_offset;
    names_size_ = names.sh_size;
    return;
  }
}

ProgramSymbols::~ProgramSymbols() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

void* ProgramSymbols::Find(const char* name) const {
  for (size_t i = 0; i < count_; ++i) {
    const ElfW(Sym)& symbol = symbols_[i];
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0 || symbol.st_name >= names_size_ ||
        strcmp(names_ + symbol.st_name, name) != 0)
      continue;
    return reinterpret_cast<void*>(base_ + symbol.st_value);
  }
  return nullptr;
}

}  // namespace taskleak::internal
