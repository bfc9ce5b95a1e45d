#include "src/threads/threads.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include "src/threads/look.h"

// Linked where taskleak::native is; else the preload's is searched for.
extern "C" __attribute__((weak)) const taskleak_v1_threads_interface* taskleak_v1_threads(void);

namespace taskleak::internal {
namespace {

const taskleak_v1_threads_interface* Interface() {
  static const taskleak_v1_threads_interface* const found =
      []() -> const taskleak_v1_threads_interface* {
    if (&taskleak_v1_threads != nullptr) return taskleak_v1_threads();
    using Threads = const taskleak_v1_threads_interface* (*)();
    const auto threads = reinterpret_cast<Threads>(dlsym(RTLD_DEFAULT, "taskleak_v1_threads"));
    return threads != nullptr ? threads() : nullptr;
  }();
  return found;
}

TaskState StateOf(const taskleak_v1_look& look) {
  if ((look.thread.flags & taskleak_v1_thread_ended) != 0) return TaskState::kEnded;
  if (look.kind == taskleak_v1_wait_none) return TaskState::kRunnable;
  return look.kind == taskleak_v1_wait_sleep ? TaskState::kSleeping : TaskState::kBlocked;
}

// Whether memory is mapped so that another process may have it too. libstdc++'s std::atomic::wait
// asks for a shared futex on memory that is not.
bool MappedShared(std::uintptr_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
    char dash = 0;
    std::string mode;
    fields >> std::hex >> low >> dash >> high >> mode;
    if (address >= low && address < high) return mode.size() == 4 && mode[3] == 's';
  }
  return true;
}

ThreadView ViewOf(const taskleak_v1_threads_interface& interface, const taskleak_v1_look& look,
                  std::string_view process_name, std::int64_t now) {
  ThreadView view;
  TaskSnapshot& task = view.task;
  const taskleak_v1_thread& thread = look.thread;
  task.id = thread.id;
  task.parent = thread.parent;
  // A thread that nobody named has the process's name, or its starter's.
  task.name = thread.name;
  if (task.name.empty() && process_name != look.proc.comm) task.name = look.proc.comm;
  task.scope = interface.scope_name(thread.scope);
  task.state = StateOf(look);
  task.operation = interface.wait_name(look.kind);
  if (const std::string_view object = interface.wait_object(look.kind); !object.empty()) {
    task.objects.emplace_back();
    task.objects.back().kind = object;
  }
  task.creation_stack.assign(thread.frames, thread.frames + thread.frame_count);
  if (look.noted != 0) {
    std::uintptr_t pcs[64];
    task.blocked_stack.assign(pcs, pcs + interface.stack(&look, pcs, std::size(pcs)));
    task.blocked_since = TimePoint(Duration(thread.wait.since));
    task.blocked_for = Duration(std::max<std::int64_t>(now - thread.wait.since, 0));
  }
  view.tid = thread.tid;
  view.timed = look.timed != 0;
  view.unknown_origin = (thread.flags & taskleak_v1_thread_unknown) != 0;
  view.ours = (thread.flags & taskleak_v1_thread_ours) != 0 ||
              std::string_view(look.proc.comm).starts_with("taskleak-");
  view.detached = (thread.flags & taskleak_v1_thread_detached) != 0;
  view.ended = (thread.flags & taskleak_v1_thread_ended) != 0;
  view.process_shared = look.process_shared != 0 &&
                        (look.kind != taskleak_v1_wait_futex || MappedShared(look.address));
  view.address = look.address;
  view.owner_tid = look.owner_tid;
  view.voluntary_switches = look.proc.switches;
  view.cpu_ns = look.proc.cpu_ns;
  view.waits = thread.wait.count;
  return view;
}

}  // namespace

std::vector<ThreadView> SnapshotThreads() {
  std::vector<ThreadView> views;
  const taskleak_v1_threads_interface* interface = Interface();
  if (interface == nullptr) return views;
  std::vector<taskleak_v1_look> looks(16);
  for (;;) {
    const std::size_t count = interface->look(looks.data(), looks.size());
    const bool fits = count <= looks.size();
    looks.resize(fits ? count : count + count / 4);
    if (fits) break;
  }
  const int self = gettid();
  std::string_view process_name;
  for (const taskleak_v1_look& look : looks)
    if (look.thread.tid == getpid()) process_name = look.proc.comm;
  const std::int64_t now = taskleak_v1_monotonic();
  for (const taskleak_v1_look& look : looks)
    if (look.thread.tid != self) views.push_back(ViewOf(*interface, look, process_name, now));
  return views;
}

bool ThreadsAreTracked() { return Interface() != nullptr; }

std::uint64_t OpenScope(const char* name) {
  const taskleak_v1_threads_interface* interface = Interface();
  return interface != nullptr ? interface->open_scope(name) : 0;
}

void CloseScope(std::uint64_t scope) {
  if (const taskleak_v1_threads_interface* interface = Interface(); interface != nullptr)
    interface->close_scope(scope);
}

}  // namespace taskleak::internal
