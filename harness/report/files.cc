#include "harness/report/files.h"

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <system_error>

namespace taskleak::internal {

std::string WriteFailureFile(const std::string& dir, std::string_view name,
                             std::string_view extension, std::string_view content) {
  std::string file(name.empty() ? "body" : name);
  for (char& c : file)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_')
      c = '.';
  const std::filesystem::path path = std::filesystem::path(dir) / (file + std::string(extension));
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  if (out) return path.string();
  static std::once_flag once;
  std::call_once(once, [&] {
    std::fprintf(stderr,
                 "taskleak: cannot write %s (%s); what was found is on standard error only. Set "
                 "TASKLEAK_REPORT_DIR to a "
                 "folder that can be written.\n",
                 path.c_str(), error ? error.message().c_str() : std::strerror(errno));
  });
  return "";
}

std::string ProgramName() { return program_invocation_name; }

}  // namespace taskleak::internal
