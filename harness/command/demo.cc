#include <filesystem>
#include <ostream>
#include <system_error>

#include "harness/command/verbs.h"

namespace taskleak::internal {

int Demo(const std::string& preload, std::ostream& out, std::ostream& err) {
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  out << R"(A small program that knows nothing of taskleak starts a thread, and forgets it:

  void ReadMail(std::shared_ptr<Mailbox> mailbox) {
    std::unique_lock lock(mailbox->mutex);
    mailbox->delivered.wait(lock, [&] { return mailbox->has_mail; });
  }

  void StartReader() {
    auto mailbox = std::make_shared<Mailbox>();
    std::thread reader([mailbox] { ReadMail(mailbox); });
    reader.detach();               // "out of time", and nobody delivers any more
  }

By itself it exits with 0, and no sanitizer says a word. Now under

  taskleak run -- ./program

)" << std::flush;
  RunOptions options;
  options.command = {self, "__stuck"};
  options.preload = preload;
  const int code = Run(options, err);
  err << std::flush;
  if (code != kExitLeaks) {
    out << "\nThe leak was not found (exit code " << code
        << "): `taskleak doctor` says what does not work here.\n";
    return kExitTrouble;
  }
  out << R"(
How to read it, from above:
  - "proven": nothing in the process could have woken the thread, so this is no matter of patience.
  - The first stack is where it is blocked, the second who started it. The mistake lies between
    the two: whoever started it went away without a word.
  - The fingerprint names this leak across builds; `taskleak gate` lets known ones pass by it.
The exit code was 90: leaks, and nothing else wrong. Next: taskleak run -- ctest
)";
  return 0;
}

}  // namespace taskleak::internal
