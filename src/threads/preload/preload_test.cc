// What libtaskleak_preload.so needs and exports: the C library alone, and the wrapped names, one of
// ours, fflush (gtest.h), and those that end a process, so that it clashes with nothing
// in any process.
#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "src/threads/calls.h"

namespace taskleak::internal {
namespace {

class Library {
 public:
  explicit Library(const char* path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }

  std::set<std::string> Needed() const {
    std::set<std::string> needed;
    ForEach<ElfW(Dyn)>(SHT_DYNAMIC, [&](const ElfW(Dyn) & entry, const char* names) {
      if (entry.d_tag == DT_NEEDED) needed.insert(names + entry.d_un.d_val);
    });
    return needed;
  }

  std::set<std::string> Exported() const {
    std::set<std::string> exported;
    ForEach<ElfW(Sym)>(SHT_DYNSYM, [&](const ElfW(Sym) & symbol, const char* names) {
      // A version is a symbol too, at no address of a section's.
      if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS)
        exported.insert(names + symbol.st_name);
    });
    return exported;
  }

 private:
  template <class Entry, class Visit>
  void ForEach(ElfW(Word) type, const Visit& visit) const {
    ASSERT_GT(bytes_.size(), sizeof(ElfW(Ehdr)));
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(bytes_.data());
    const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(bytes_.data() + header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
      if (sections[i].sh_type != type) continue;
      const char* names = bytes_.data() + sections[sections[i].sh_link].sh_offset;
      const auto* entries = reinterpret_cast<const Entry*>(bytes_.data() + sections[i].sh_offset);
      for (std::size_t at = 0; at < sections[i].sh_size / sizeof(Entry); ++at)
        visit(entries[at], names);
    }
  }

  std::vector<char> bytes_;
};

TEST(PreloadTest, NeedsTheCLibraryAlone) {
  EXPECT_EQ(Library(TASKLEAK_PRELOAD).Needed(), std::set<std::string>{"libc.so.6"});
}

TEST(PreloadTest, ExportsTheWrappedNamesAndFiveMore) {
  std::set<std::string> expected{"taskleak_v1_threads", "fflush", "exit", "_exit", "_Exit"};
#define TASKLEAK_NAME(name, version) expected.insert(#name);
  TASKLEAK_WRAPPED_CALLS(TASKLEAK_NAME)
#undef TASKLEAK_NAME
  EXPECT_EQ(Library(TASKLEAK_PRELOAD).Exported(), expected);
}

}  // namespace
}  // namespace taskleak::internal
