// Who exists: every task and every object, in one consistent snapshot.
#ifndef TASKLEAK_REGISTRY_H_
#define TASKLEAK_REGISTRY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "taskleak/clock.h"
#include "taskleak/site.h"
#include "taskleak/task.h"

namespace taskleak {

enum class TaskState : std::uint8_t {
  kRunnable,        // Can run, or runs.
  kBlocked,         // Waits in `operation`.
  kSleeping,        // Waits for time to pass and nothing else.
  kRunningForEver,  // Goes round without end, while nothing else changes.
  kEnded,
};
const char* ToString(TaskState state);

// An object a task waits at, or one that exists.
struct ObjectSnapshot {
  std::string kind;      // "channel", "context", "mutex", "wait group" …
  std::uint64_t id = 0;  // Counts the objects of its kind in the run, from 1.
  Site made_at;
  std::vector<std::uintptr_t>
      made_stack;  // Return addresses, innermost first; empty for channels and contexts.
  TaskId made_by = 0;
  bool nil = false;        // A nil channel: there is no object.
  bool destroyed = false;  // Its handle died while tasks waited.
  // Of a channel.
  std::size_t capacity = 0;
  std::size_t length = 0;
  bool closed = false;
  // Of a wait group: its count. Of a semaphore: what is free. Of a mutex: 1 when locked. Of an
  // rwmutex: its readers, or -1 with a writer.
  std::int64_t value = 0;
  // Who last used each end: the one that feeds it (send, unlock, done, signal, cancel), the one
  // that is fed (receive, lock, wait). Task 0: nobody.
  struct Use {
    TaskId task = 0;
    Site site;
  };
  Use last_fed, last_feeding;
  std::vector<TaskId> waiting;  // Tasks blocked here, in order of their ids.
};

struct TaskSnapshot {
  TaskId id = 0;
  TaskId parent = 0;  // 0: the root.
  std::string name;
  std::string path;  // root.2.1: the first child of the root's second. Empty for native tasks.
  std::vector<std::pair<std::string, std::string>> labels;
  std::string scope;  // The test or fuzz body it belongs to.
  TaskState state = TaskState::kRunnable;
  std::string operation;  // "chan send", "select" …: what it is blocked in, or did last.
  // What it is blocked on: one object; a select's cases, in order.
  std::vector<ObjectSnapshot> objects;
  std::vector<bool> sends;  // Of a select: whether each case is a send.
  TimePoint blocked_since;
  Duration blocked_for{0};
  Site created_at;       // The call that started it.
  Site blocked_at;       // The call that it is in.
  bool suspect = false;  // Blocked throughout an endless run, on objects that nobody touched.
  // Return addresses, innermost first; untrimmed and not symbolized.
  std::vector<std::uintptr_t> creation_stack;
  std::vector<std::uintptr_t> blocked_stack;
};

// Tasks that were started at one place and are stuck at one place are one entry.
struct TaskGroup {
  std::vector<TaskSnapshot> tasks;  // In order of their ids; never empty.
};

class TaskRegistry {
 public:
  static TaskRegistry& Global();

  // The tasks that have started and not ended, at one moment. Asked inside a run, it shows that
  // run; asked outside, the process's native tasks: those that Go started, and the threads that
  // have used the primitives, the caller among them (their parent is 0, their name "main" or
  // "thread").
  std::vector<TaskSnapshot> Snapshot() const;
  // The objects of the run, or those that belong to none, in order of creation.
  std::vector<ObjectSnapshot> Objects() const;

 private:
  TaskRegistry() = default;
};

// By creation stack, state, operation and blocked stack; in order of each group's first task.
std::vector<TaskGroup> GroupTasks(std::vector<TaskSnapshot> tasks);

}  // namespace taskleak

#endif  // TASKLEAK_REGISTRY_H_
