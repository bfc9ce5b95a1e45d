#include "harness/command/inspect.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <string>

#include "harness/command/testing.h"

namespace taskleak::internal {
namespace {

// The beginning of a program that asks for `loader`; "" for a static one.
std::string Elf(const std::string& loader, unsigned char elf_class = ELFCLASS64) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = loader.empty() ? 0 : 1;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  if (loader.empty()) return bytes;
  Elf64_Phdr segment = {};
  segment.p_type = PT_INTERP;
  segment.p_offset = sizeof(header) + sizeof(segment);
  segment.p_filesz = loader.size() + 1;
  bytes.append(reinterpret_cast<const char*>(&segment), sizeof(segment));
  return bytes + loader + std::string(1, '\0');
}

class InspectTest : public testing::Test {
 protected:
  std::string Make(const std::string& name, const std::string& content, mode_t mode = 0755) {
    const std::string path = folder_.Write(name, content);
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  ScratchFolder folder_;
};

TEST_F(InspectTest, AnOrdinaryProgramHasNoWarning) {
  const Inspection program = InspectCommand(Make("program", Elf("/lib64/ld-linux-x86-64.so.2")));
  EXPECT_EQ(program.problem, "");
  EXPECT_EQ(program.warning, "");
}

TEST_F(InspectTest, AStaticProgramIsNamed) {
  const std::string path = Make("program", Elf(""));
  EXPECT_EQ(InspectCommand(path).problem, "");
  EXPECT_TRUE(InspectCommand(path).warning.starts_with(path + " is linked statically"))
      << InspectCommand(path).warning;
}

TEST_F(InspectTest, MuslIsNamed) {
  const Inspection program = InspectCommand(Make("program", Elf("/lib/ld-musl-x86_64.so.1")));
  EXPECT_NE(program.warning.find(" runs on musl"), std::string::npos) << program.warning;
}

TEST_F(InspectTest, AProgramOf32BitsIsNamed) {
  const Inspection program = InspectCommand(Make("program", Elf("/lib/ld-linux.so.2", ELFCLASS32)));
  EXPECT_NE(program.warning.find("of another kind"), std::string::npos) << program.warning;
}

TEST_F(InspectTest, OfAScriptTheInterpreterIsLookedAt) {
  const std::string interpreter = Make("interpreter", Elf(""));
  const Inspection script = InspectCommand(Make("script", "#! " + interpreter + " -e\necho\n"));
  EXPECT_TRUE(script.warning.starts_with(interpreter + " is linked statically")) << script.warning;
}

TEST_F(InspectTest, WhatCannotBeStartedIsAProblem) {
  EXPECT_NE(InspectCommand(folder_.File("nothing")).problem.find("was not found"),
            std::string::npos);
  EXPECT_NE(InspectCommand(folder_.path()).problem.find("is a folder"), std::string::npos);
  EXPECT_NE(InspectCommand(Make("text", "x", 0644)).problem.find("cannot be executed"),
            std::string::npos);
  EXPECT_NE(InspectCommand("no-such-command-anywhere").problem.find("was not found in PATH"),
            std::string::npos);
}

TEST_F(InspectTest, ACommandIsFoundInPath) {
  EXPECT_EQ(InspectCommand("sh").problem, "");
  EXPECT_TRUE(InspectCommand("sh").path.ends_with("/sh"));
}

}  // namespace
}  // namespace taskleak::internal
