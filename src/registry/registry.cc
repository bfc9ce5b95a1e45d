#include "taskleak/registry.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "src/registry/snapshot.h"
#include "src/runtime/native/native_runtime.h"
#include "src/runtime/sanitizer.h"
#include "src/runtime/sim/simulator.h"
#include "src/stack/capture.h"
#include "taskleak/internal/chan_core.h"
#include "taskleak/internal/sync_core.h"

namespace taskleak {

const char* ToString(TaskState state) {
  switch (state) {
    case TaskState::kRunnable:
      return "runnable";
    case TaskState::kBlocked:
      return "blocked";
    case TaskState::kSleeping:
      return "sleeping";
    case TaskState::kRunningForEver:
      return "running for ever";
    case TaskState::kEnded:
      return "ended";
  }
  return "unknown";
}

namespace internal {
namespace {

std::string PathOf(std::span<const PathNode> paths, std::uint32_t id) {
  if (id <= 1) return "root";
  const PathNode& node = paths[id - 1];
  return PathOf(paths, node.parent) + "." + std::to_string(node.ordinal);
}

std::vector<std::pair<std::string, std::string>> ParseLabels(const char* text) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view label = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
    const std::size_t equals = label.find('=');
    labels.emplace_back(label.substr(0, equals), equals == std::string_view::npos
                                                     ? std::string_view()
                                                     : label.substr(equals + 1));
  }
  return labels;
}

ObjectSnapshot NilObject() {
  ObjectSnapshot object;
  object.kind = "channel";
  object.nil = true;
  return object;
}

}  // namespace

ObjectSnapshot SnapshotObject(const Object& object) {
  ObjectSnapshot out;
  out.kind = ObjectKindName(object.kind);
  out.id = object.number;
  out.made_at = object.made_at;
  out.made_by = object.maker;
  out.destroyed = object.destroyed;
  if (object.kind == ObjectKind::kChannel) {
    const auto& channel = static_cast<const ChanCore&>(object);
    out.capacity = channel.capacity();
    out.length = channel.count();
    out.closed = channel.closed();
    if (channel.context != 0) {  // What people wait for there is the context.
      out.kind = ObjectKindName(ObjectKind::kContext);
      out.id = channel.context;
    }
  }
  if (const auto* maker = dynamic_cast<const WithMaker*>(&object); maker != nullptr) {
    for (const std::uintptr_t pc : maker->made_stack)
      if (pc != 0) out.made_stack.push_back(pc);
  }
  switch (object.kind) {
    case ObjectKind::kWaitGroup:
      out.value = static_cast<const WaitGroupCore&>(object).count;
      break;
    case ObjectKind::kSemaphore:
      out.value = static_cast<const SemaphoreCore&>(object).free;
      break;
    case ObjectKind::kMutex:
      out.value = static_cast<const MutexCore&>(object).locked ? 1 : 0;
      break;
    case ObjectKind::kRWMutex: {
      const auto& core = static_cast<const RWMutexCore&>(object);
      out.value = core.readers > 0 ? core.readers : core.announced ? -1 : 0;
      break;
    }
    default:
      break;
  }
  const Object::Use& feeding = object.last_use[static_cast<int>(End::kFeeds)];
  const Object::Use& fed = object.last_use[static_cast<int>(End::kFed)];
  out.last_feeding = {feeding.task, feeding.site};
  out.last_fed = {fed.task, fed.site};
  return out;
}

namespace {

// What a snapshot needs of a task, whichever runtime it is on.
struct TaskView {
  std::uint64_t id = 0;
  const taskleak_v1_task* record = nullptr;
  bool blocked = false;
  const Operation* operation = nullptr;
  OpKind last_kind = OpKind::kNone;
  Site last_site;
  std::int64_t blocked_since = 0;
  const void* frame = nullptr;  // Of a stack that stands still; null: it does not.
  std::uintptr_t stack_high = 0;
};

TaskView ViewOf(const Simulator& simulator, const SimTask& task) {
  return {.id = task.id,
          .record = task.record,
          .blocked = task.state == SimTask::State::kBlocked,
          .operation = task.operation,
          .last_kind = task.last_kind,
          .last_site = task.last_site,
          .blocked_since = task.blocked_since,
          .frame = &task != simulator.current() ? task.frame : nullptr,
          .stack_high = reinterpret_cast<std::uintptr_t>(task.fiber.stack.high)};
}

TaskView ViewOf(const NativeTask& task) {
  return {.id = task.id,
          .record = task.record,
          .blocked = task.parked,
          .operation = task.operation,
          .last_kind = task.last_kind,
          .last_site = task.last_site,
          .blocked_since = task.blocked_since,
          .frame = task.parked ? task.frame : nullptr,
          // A task that has just begun may be about to find out.
          .stack_high = task.parked ? task.stack_high : 0};
}

// Each task's objects, and each object's tasks: what a blocked operation names, in the order of its
// cases.
void ForEachObject(const TaskView& task, const std::function<void(const Object*)>& visit) {
  if (task.operation == nullptr || !task.blocked) return;
  const Operation& op = *task.operation;
  if (op.object != nullptr) visit(op.object);
  for (std::size_t i = 0; i < op.case_count; ++i)
    if (op.cases[i].object != op.object || op.object == nullptr) visit(op.cases[i].object);
}

// From the function of the seam outwards: what the runtime did below it differs from task to task.
TASKLEAK_NO_SANITIZE std::size_t WalkParked(const TaskView& task, std::uintptr_t* pcs,
                                            std::size_t max) {
  return CaptureFrames(task.frame, nullptr, reinterpret_cast<std::uintptr_t>(task.frame),
                       task.stack_high, pcs, max);
}

// What the record and the view tell; `now` is the runtime's time.
TaskSnapshot SnapshotView(const TaskView& task, std::int64_t now) {
  const taskleak_v1_task& record = *task.record;
  TaskSnapshot out;
  out.id = task.id;
  out.parent = record.parent;
  out.name = record.name;
  out.labels = ParseLabels(record.labels);
  out.created_at = {record.created_file, record.created_line};
  out.creation_stack.assign(record.frames, record.frames + record.frame_count);
  out.operation = OpName(task.last_kind);
  out.blocked_at = task.last_site;
  if (!task.blocked) {
    // Preempted before an operation, or running. What it is about to do tells where it is.
    if (task.operation != nullptr) {
      out.operation = OpName(task.operation->kind);
      out.blocked_at = task.operation->site;
    }
  } else {
    out.state = record.state == taskleak_v1_sleeping ? TaskState::kSleeping : TaskState::kBlocked;
    out.blocked_since = TimePoint(Duration(task.blocked_since));
    out.blocked_for = Duration(now - task.blocked_since);
    if (task.operation != nullptr && task.operation->kind == OpKind::kSelect)
      for (std::size_t i = 0; i < task.operation->case_count; ++i)
        out.sends.push_back(task.operation->cases[i].is_send);
    ForEachObject(task, [&](const Object* object) {
      out.objects.push_back(object == nullptr ? NilObject() : SnapshotObject(*object));
    });
  }
  if (task.frame != nullptr) {
    std::uintptr_t pcs[64];
    out.blocked_stack.assign(pcs, pcs + WalkParked(task, pcs, std::size(pcs)));
  }
  return out;
}

}  // namespace

TaskSnapshot SnapshotTask(const Simulator& simulator, const SimTask& task) {
  const TaskView view = ViewOf(simulator, task);
  TaskSnapshot out = SnapshotView(view, simulator.time());
  out.path = PathOf(simulator.paths(), task.id);
  if (simulator.endless_since() == 0) return out;
  if (!view.blocked) out.state = TaskState::kRunningForEver;
  out.suspect = view.blocked && task.blocked_step <= simulator.endless_since();
  ForEachObject(view, [&](const Object* object) {
    if (object != nullptr && simulator.Touched(*object)) out.suspect = false;
  });
  return out;
}

namespace {

// As a report names it.
std::pair<std::string, std::uint64_t> NameOf(const Object& object) {
  const ObjectSnapshot snapshot = SnapshotObject(object);
  return {snapshot.kind, snapshot.id};
}

using Waiting = std::map<std::pair<std::string, std::uint64_t>, std::vector<TaskId>>;

// Who waits at each object, by kind and number.
void NoteWaiting(const TaskView& task, Waiting& out) {
  ForEachObject(task, [&](const Object* object) {
    if (object == nullptr) return;
    std::vector<TaskId>& waiting = out[NameOf(*object)];
    if (waiting.empty() || waiting.back() != task.id) waiting.push_back(task.id);
  });
}

Waiting WaitingIn(const Simulator& simulator) {
  Waiting waiting;
  for (const SimTask* task = simulator.first_live(); task != nullptr; task = task->live_next)
    NoteWaiting(ViewOf(simulator, *task), waiting);
  return waiting;
}

Waiting WaitingIn(const NativeRuntime& runtime) {
  Waiting waiting;
  for (const NativeTask* task = runtime.first_live(); task != nullptr; task = task->live_next)
    NoteWaiting(ViewOf(*task), waiting);
  return waiting;
}

void FillWaiting(const Waiting& waiting, TaskSnapshot& task) {
  for (ObjectSnapshot& object : task.objects) {
    const auto found = waiting.find({object.kind, object.id});
    // A crowd at one object is told once, by its first task: fifty thousand lists of fifty
    // thousand help nobody.
    if (found != waiting.end() && (found->second.size() <= 64 || found->second.front() == task.id))
      object.waiting = found->second;
  }
}

std::vector<ObjectSnapshot> SnapshotObjects(const Object* first, const Waiting& waiting) {
  std::vector<ObjectSnapshot> objects;
  for (const Object* object = first; object != nullptr; object = object->next) {
    objects.push_back(SnapshotObject(*object));
    const auto found = waiting.find({objects.back().kind, objects.back().id});
    if (found != waiting.end()) objects.back().waiting = found->second;
  }
  return objects;
}

}  // namespace

std::vector<TaskSnapshot> SnapshotTasks(const Simulator& simulator) {
  const Waiting waiting = WaitingIn(simulator);
  std::vector<TaskSnapshot> tasks;
  for (const SimTask* task = simulator.first_live(); task != nullptr; task = task->live_next) {
    tasks.push_back(SnapshotTask(simulator, *task));
    FillWaiting(waiting, tasks.back());
  }
  return tasks;
}

std::vector<TaskSnapshot> SnapshotTasks(NativeRuntime& runtime) {
  const Exclusive exclusive(&runtime);
  OrderAcquire(&runtime);  // Whoever looks comes after what those did that have parked or ended.
  const Waiting waiting = WaitingIn(runtime);
  const std::int64_t now = runtime.Now();
  std::vector<TaskSnapshot> tasks;
  for (const NativeTask* task = runtime.first_live(); task != nullptr; task = task->live_next) {
    tasks.push_back(SnapshotView(ViewOf(*task), now));
    FillWaiting(waiting, tasks.back());
  }
  return tasks;
}

}  // namespace internal

TaskRegistry& TaskRegistry::Global() {
  static TaskRegistry registry;
  return registry;
}

std::vector<TaskSnapshot> TaskRegistry::Snapshot() const {
  internal::Runtime* runtime = internal::CurrentRuntime();
  const internal::Untracked ours;  // It reads the stacks of other tasks.
  if (const internal::Simulator* simulator = internal::Simulator::Current(); simulator != nullptr)
    return internal::SnapshotTasks(*simulator);
  return internal::SnapshotTasks(static_cast<internal::NativeRuntime&>(*runtime));
}

std::vector<ObjectSnapshot> TaskRegistry::Objects() const {
  internal::Runtime* runtime = internal::CurrentRuntime();
  const internal::Untracked ours;
  if (const internal::Simulator* simulator = internal::Simulator::Current(); simulator != nullptr)
    return internal::SnapshotObjects(simulator->first_object(), internal::WaitingIn(*simulator));
  const auto& native = static_cast<internal::NativeRuntime&>(*runtime);
  const internal::Exclusive exclusive(runtime);
  return internal::SnapshotObjects(native.first_object(), internal::WaitingIn(native));
}

std::vector<TaskGroup> GroupTasks(std::vector<TaskSnapshot> tasks) {
  using Key = std::tuple<std::vector<std::uintptr_t>, const char*, std::uint32_t, TaskState,
                         std::string, std::vector<std::uintptr_t>, const char*, std::uint32_t>;
  std::map<Key, std::size_t> index;
  std::vector<TaskGroup> groups;
  for (TaskSnapshot& task : tasks) {
    Key key{task.creation_stack, task.created_at.file, task.created_at.line, task.state,
            task.operation,      task.blocked_stack,   task.blocked_at.file, task.blocked_at.line};
    const auto [found, inserted] = index.emplace(std::move(key), groups.size());
    if (inserted) groups.emplace_back();
    groups[found->second].tasks.push_back(std::move(task));
  }
  return groups;
}

}  // namespace taskleak
