#include "harness/command/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace taskleak::internal {
namespace {

bool WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::optional<std::string> ReadFile(const std::string& path, std::string* why) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string content;
  if (file >= 0) {
    char buffer[1 << 16];
    ssize_t got = 0;
    while ((got = read(file, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR)) {
      if (got > 0) content.append(buffer, static_cast<std::size_t>(got));
    }
    const int error = errno;
    close(file);
    if (got == 0) return content;
    errno = error;
  }
  *why = std::strerror(errno);
  return std::nullopt;
}

bool WriteFile(const std::string& path, std::string_view content, std::string* why) {
  struct stat status = {};
  const bool special = stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const std::string target = special ? path : path + ".part";
  const int file = open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file >= 0) {
    const bool written = WriteAll(file, content);
    const int error = errno;
    const bool closed = close(file) == 0;
    if (written && closed && (special || std::rename(target.c_str(), path.c_str()) == 0))
      return true;
    if (!written) errno = error;
  }
  const int error = errno;
  *why = std::strerror(error);
  if (file >= 0 && !special) unlink(target.c_str());
  return false;
}

}  // namespace taskleak::internal
