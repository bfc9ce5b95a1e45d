#include "src/threads/preload/seen.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "src/threads/preload/command_line.h"
#include "src/threads/preload/out.h"

namespace taskleak::internal {
namespace {

// -1: it could not be opened.
long OpenSeen(const char* directory, int flags) {
  char path[1024];
  const int size =
      snprintf(path, sizeof(path), "%s/taskleak-%d.seen", directory, static_cast<int>(getpid()));
  if (size <= 0 || size >= static_cast<int>(sizeof(path))) return -1;
  return syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0666);
}

}  // namespace

void WriteSeen(const char* directory) {
  mkdir(directory, 0777);
  const long file = OpenSeen(directory, O_WRONLY | O_CREAT | O_TRUNC);
  if (file < 0) return;
  char program[1024];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
  program[length > 0 ? length : 0] = '\0';
  Out out;
  out.Text("{\"schema\":\"taskleak.seen\",\"version\":1,\"pid\":");
  out.Number(static_cast<uint64_t>(getpid())).Text(",\"parent\":");
  out.Number(static_cast<uint64_t>(getppid())).Text(",\"program\":").Quoted(program);
  out.Text(",\"argv\":[");
  CommandLine arguments;
  bool first = true;
  for (const char* at = arguments.Next(); at != nullptr; at = arguments.Next()) {
    if (!first) out.Byte(',');
    first = false;
    out.Quoted(at);
  }
  out.Text("]}\n");
  out.WriteTo(static_cast<int>(file));
  syscall(SYS_close, file);
}

void FinishSeen(const char* directory, int status, End end) {
  const long file = OpenSeen(directory, O_WRONLY | O_APPEND);
  if (file < 0) return;
  char line[96];
  const char* how = end == End::kJudged       ? "exit"
                    : end == End::kLeftByExit ? "_exit"
                                              : "_exit alone";
  const int size =
      snprintf(line, sizeof(line), "{\"end\":\"%s\",\"status\":%d}\n", how, status & 255);
  if (size > 0) syscall(SYS_write, file, line, static_cast<size_t>(size));
  syscall(SYS_close, file);
}

}  // namespace taskleak::internal
