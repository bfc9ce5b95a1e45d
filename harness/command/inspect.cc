#include "harness/command/inspect.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "src/stack/frame.h"

namespace taskleak::internal {
namespace {

bool IsFile(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string Find(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  std::string unusable;
  while (true) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    const std::string path = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    if (IsFile(path)) {
      if (access(path.c_str(), X_OK) == 0) return path;
      if (unusable.empty()) unusable = path;
    }
    if (folder.size() == folders.size()) return unusable;
    folders.remove_prefix(folder.size() + 1);
  }
}

// At most `size` bytes from `offset`; fewer where the file ends.
std::string ReadAt(int file, std::size_t size, std::uint64_t offset) {
  std::string bytes(size, '\0');
  const ssize_t got = pread(file, bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

// The loader that an ELF file asks for; empty: none, it is static. Nothing: it is no file of this
// machine's kind.
bool Loader(int file, std::string* loader) {
  const std::string bytes = ReadAt(file, sizeof(Elf64_Ehdr), 0);
  Elf64_Ehdr header;
  if (bytes.size() != sizeof(header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
    return false;
  for (int i = 0; i < header.e_phnum; ++i) {
    const std::string entry =
        ReadAt(file, sizeof(Elf64_Phdr),
               header.e_phoff + static_cast<std::uint64_t>(i) * sizeof(Elf64_Phdr));
    Elf64_Phdr segment;
    if (entry.size() != sizeof(segment)) return false;
    std::memcpy(&segment, entry.data(), sizeof(segment));
    if (segment.p_type != PT_INTERP) continue;
    *loader = ReadAt(file, std::min<std::size_t>(segment.p_filesz, 4096), segment.p_offset);
    loader->resize(std::strlen(loader->c_str()));
    return true;
  }
  loader->clear();
  return true;
}

std::string Warning(const std::string& path, int depth) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return "";
  const bool privileged = ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) ||
                          ((status.st_mode & S_ISGID) != 0 && status.st_gid != getegid()) ||
                          getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  if (privileged) {
    return path +
           " runs with more rights than yours (setuid or a capability), so nothing can be "
           "preloaded into it: its threads are not seen.";
  }
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";  // It may be run and not read.
  std::string warning;
  const std::string start = ReadAt(file, 256, 0);
  if (start.starts_with("#!") && depth == 0) {
    std::string line = start.substr(2, start.find('\n') - 2);
    line.erase(0, line.find_first_not_of(" \t"));
    warning = Warning(line.substr(0, line.find_first_of(" \t")), depth + 1);
  } else if (start.starts_with(ELFMAG)) {
    std::string loader;
    if (!Loader(file, &loader)) {
      warning = path +
                " is a program of another kind than the preload (32 bits?): its threads are "
                "not seen.";
    } else if (loader.empty()) {
      warning = path +
                " is linked statically, so nothing can be preloaded into it: its threads are "
                "seen only if taskleak::native_static is linked into it.";
    } else if (loader.find("ld-musl") != std::string::npos) {
      warning = path + " runs on musl, and the preload needs glibc: its threads are not seen.";
    }
  }
  close(file);
  return warning;
}

}  // namespace

Inspection InspectCommand(const std::string& name) {
  Inspection result;
  result.path = Find(name);
  struct stat status = {};
  if (result.path.empty() || stat(result.path.c_str(), &status) != 0) {
    const bool given = name.find('/') != std::string::npos;
    result.problem =
        name + (given ? " was not found: build it first, or name it as it is seen from "
                        "this folder."
                      : " was not found in PATH: install it, or name it with its "
                        "folder (./" +
                            name + ").");
    result.path.clear();
  } else if (S_ISDIR(status.st_mode)) {
    result.problem = result.path + " is a folder: name a program in it.";
  } else if (access(result.path.c_str(), X_OK) != 0) {
    result.problem = result.path + " cannot be executed (" + std::strerror(errno) +
                     "): chmod +x it, or name its interpreter first.";
  } else {
    result.warning = Warning(result.path, 0);
  }
  return result;
}

}  // namespace taskleak::internal
