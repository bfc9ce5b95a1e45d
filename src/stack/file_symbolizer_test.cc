// A module's file tells what this process's own symbolizer tells, and nothing where it is another
// file than the one that ran.
#include "src/stack/file_symbolizer.h"

#include <dlfcn.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <libelf.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "src/stack/symbolize.h"

namespace taskleak::internal {
namespace {

std::string ThisProgram() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  return std::string(path, size > 0 ? static_cast<std::size_t>(size) : 0);
}

std::string BuildId(const std::string& path) {
  elf_version(EV_CURRENT);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Elf* const elf = elf_begin(file, ELF_C_READ, nullptr);
  const void* id = nullptr;
  const ssize_t size = dwelf_elf_gnu_build_id(elf, &id);
  std::string result;
  for (ssize_t i = 0; i < size; ++i) {
    const unsigned byte = static_cast<const unsigned char*>(id)[i];
    result += "0123456789abcdef"[byte >> 4];
    result += "0123456789abcdef"[byte & 15];
  }
  elf_end(elf);
  close(file);
  return result;
}

__attribute__((noinline)) const std::vector<Frame>& Here() {
  return Symbolizer::Global().Symbolize(
      reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)));
}

TEST(FileSymbolizerTest, TellsWhatTheProcessTells) {
  const std::vector<Frame>& expected = Here();
  FileSymbolizer symbolizer;
  const std::string program = ThisProgram();
  const std::vector<Frame>& frames =
      symbolizer.Symbolize(program, BuildId(program), expected.front().offset);
  ASSERT_EQ(frames.size(), expected.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].function, expected[i].function);
    EXPECT_EQ(frames[i].file, expected[i].file);
    EXPECT_EQ(frames[i].line, expected[i].line);
    EXPECT_EQ(frames[i].inlined, expected[i].inlined);
    EXPECT_EQ(frames[i].origin, expected[i].origin);
    EXPECT_EQ(frames[i].offset, expected[i].offset);
    EXPECT_EQ(frames[i].module, program);
  }
  EXPECT_TRUE(symbolizer.Changed().empty());
}

TEST(FileSymbolizerTest, AnotherBuildTellsNothing) {
  FileSymbolizer symbolizer;
  const std::string program = ThisProgram();
  const std::vector<Frame>& frames = symbolizer.Symbolize(program, "0123abcd", 0x1234);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, std::string(Basename(program)) + "+0x1234");
  EXPECT_EQ(symbolizer.Changed(), std::vector<std::string>{program});
}

TEST(FileSymbolizerTest, AFileThatIsGoneOrNoModuleTellsNothing) {
  FileSymbolizer symbolizer;
  EXPECT_EQ(symbolizer.Symbolize("/nowhere/lib.so", "", 16).front().function, "lib.so+0x10");
  EXPECT_EQ(symbolizer.Symbolize("/proc/self/cmdline", "", 16).front().function, "cmdline+0x10");
  EXPECT_EQ(symbolizer.Unreadable().size(), 2u);
  EXPECT_EQ(symbolizer.Symbolize("", "", 0x99).front().function, "0x99");
}

}  // namespace
}  // namespace taskleak::internal
