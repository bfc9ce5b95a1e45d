// The program of `taskleak demo` and of the self-check. Outside the namespace, as a user's would
// be: frames of ours are left out of reports.
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/command/verbs.h"

namespace demo {
namespace {

struct Mailbox {
  std::mutex mutex;
  std::condition_variable delivered;
  bool has_mail = false;
  bool reader_is_there = false;
};

void ReadMail(const std::shared_ptr<Mailbox>& mailbox) {
  std::unique_lock<std::mutex> lock(mailbox->mutex);
  mailbox->reader_is_there = true;
  mailbox->delivered.wait(lock, [&] { return mailbox->has_mail; });
}

// Returns when the reader waits: it gives the mutex up only then.
void AwaitReader(Mailbox* mailbox) {
  for (bool there = false; !there; std::this_thread::yield()) {
    const std::lock_guard<std::mutex> lock(mailbox->mutex);
    there = mailbox->reader_is_there;
  }
}

void StartReader(bool deliver) {
  auto mailbox = std::make_shared<Mailbox>();
  std::thread reader([mailbox] { ReadMail(mailbox); });
  AwaitReader(mailbox.get());
  if (!deliver) {  // "out of time", and nobody delivers any more.
    reader.detach();
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mailbox->mutex);
    mailbox->has_mail = true;
  }
  mailbox->delivered.notify_one();
  reader.join();
}

}  // namespace
}  // namespace demo

namespace taskleak::internal {

int Stuck(bool leak) {
  demo::StartReader(!leak);
  return 0;
}

}  // namespace taskleak::internal
