#include "src/runtime/sim/overflow.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "src/runtime/describe.h"
#include "src/runtime/sanitizer.h"
#include "src/runtime/sim/simulator.h"

namespace taskleak::internal {
namespace {

struct sigaction g_previous_segv;
struct sigaction g_previous_bus;

// The page below a stack, and the one below that: a frame may step over its first page.
bool InGuard(const Stack& stack, const void* address) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return address < stack.low && address >= stack.low - page;
}

void OnFault(int signal, siginfo_t* info, void* context) {
  const Simulator* simulator = Simulator::Current();  // Null on a thread of native tasks.
  const SimTask* task = simulator == nullptr ? nullptr : simulator->current();
  if (task != nullptr && InGuard(task->fiber.stack, info->si_addr)) {
    char name[128];
    DescribeTask(task->id, *task->record, name, sizeof(name));
    char text[512];
    const int length =
        std::snprintf(text, sizeof(text),
                      "taskleak: %s overflowed its stack of %zu KiB; give tasks larger ones with "
                      "ExploreOptions::stack_size (root: root_stack_size)\n",
                      name, task->fiber.stack.size() >> 10);
    EndAllUntracked();
    if (length > 0 && write(STDERR_FILENO, text, static_cast<std::size_t>(length)) < 0) _exit(2);
    _exit(2);
  }
  const struct sigaction& previous = signal == SIGSEGV ? g_previous_segv : g_previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
    return previous.sa_handler(signal);
  // The default: the fault happens again, unhandled, when the handler returns.
  ::signal(signal, SIG_DFL);
}

struct SignalStack {
  static constexpr std::size_t kSize = 64 << 10;
  SignalStack() : memory(new char[kSize]) {
    stack_t present = {};
    if (sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0)
      return;  // A sanitizer's serves.
    stack_t stack = {};
    stack.ss_sp = memory.get();
    stack.ss_size = kSize;
    installed = sigaltstack(&stack, nullptr) == 0;
  }
  ~SignalStack() {
    if (!installed) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  std::unique_ptr<char[]> memory;
  bool installed = false;
};

}  // namespace

void HandleOverflowOnThisThread() {
  thread_local SignalStack stack;
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_sigaction = OnFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &g_previous_segv);
    sigaction(SIGBUS, &action, &g_previous_bus);
  });
}

}  // namespace taskleak::internal
