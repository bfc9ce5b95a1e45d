#include "taskleak/registry.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "src/registry/snapshot.h"
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

// Each task's objects, and each object's tasks: what a blocked operation names, in the order of its
// cases.
void ForEachObject(const SimTask& task, const std::function<void(const Object*)>& visit) {
  if (task.operation == nullptr || task.state != SimTask::State::kBlocked) return;
  const Operation& op = *task.operation;
  if (op.object != nullptr) visit(op.object);
  for (std::size_t i = 0; i < op.case_count; ++i)
    if (op.cases[i].object != op.object || op.object == nullptr) visit(op.cases[i].object);
}

// From the function of the seam outwards: what the simulator did below it differs from task to
// task.
TASKLEAK_NO_SANITIZE std::size_t WalkParked(const SimTask& task, std::uintptr_t* pcs,
                                            std::size_t max) {
  return CaptureFrames(task.frame, nullptr, reinterpret_cast<std::uintptr_t>(task.frame),
                       reinterpret_cast<std::uintptr_t>(task.fiber.stack.high), pcs, max);
}

}  // namespace

TaskSnapshot SnapshotTask(const Simulator& simulator, const SimTask& task) {
  const taskleak_v1_task& record = *task.record;
  TaskSnapshot out;
  out.id = task.id;
  out.parent = record.parent;
  out.name = record.name;
  out.path = PathOf(simulator.paths(), task.id);
  out.labels = ParseLabels(record.labels);
  out.created_at = {record.created_file, record.created_line};
  out.creation_stack.assign(record.frames, record.frames + record.frame_count);
  out.operation = OpName(task.last_kind);
  out.blocked_at = task.last_site;
  if (task.state != SimTask::State::kBlocked) {
    // Preempted before an operation, or running. What it is about to do tells where it is.
    if (task.operation != nullptr) {
      out.operation = OpName(task.operation->kind);
      out.blocked_at = task.operation->site;
    }
    if (simulator.endless_since() != 0) out.state = TaskState::kRunningForEver;
  } else {
    out.state = record.state == taskleak_v1_sleeping ? TaskState::kSleeping : TaskState::kBlocked;
    out.blocked_since = TimePoint(Duration(task.blocked_since));
    out.blocked_for = Duration(simulator.time() - task.blocked_since);
    out.suspect = simulator.endless_since() != 0;
    if (task.operation != nullptr && task.operation->kind == OpKind::kSelect)
      for (std::size_t i = 0; i < task.operation->case_count; ++i)
        out.sends.push_back(task.operation->cases[i].is_send);
    ForEachObject(task, [&](const Object* object) {
      out.objects.push_back(object == nullptr ? NilObject() : SnapshotObject(*object));
      if (object != nullptr && object->last_step >= simulator.endless_since()) out.suspect = false;
    });
  }
  if (&task != simulator.current() && task.frame != nullptr) {
    std::uintptr_t pcs[64];
    out.blocked_stack.assign(pcs, pcs + WalkParked(task, pcs, std::size(pcs)));
  }
  return out;
}

namespace {

// As a report names it.
std::pair<std::string, std::uint64_t> NameOf(const Object& object) {
  const ObjectSnapshot snapshot = SnapshotObject(object);
  return {snapshot.kind, snapshot.id};
}

// Who waits at each object, by kind and number.
void FillWaiting(const Simulator& simulator,
                 std::map<std::pair<std::string, std::uint64_t>, std::vector<TaskId>>& out) {
  for (const SimTask* task = simulator.first_live(); task != nullptr; task = task->live_next) {
    ForEachObject(*task, [&](const Object* object) {
      if (object == nullptr) return;
      std::vector<TaskId>& waiting = out[NameOf(*object)];
      if (waiting.empty() || waiting.back() != task->id) waiting.push_back(task->id);
    });
  }
}

}  // namespace

std::vector<TaskSnapshot> SnapshotTasks(const Simulator& simulator) {
  std::map<std::pair<std::string, std::uint64_t>, std::vector<TaskId>> waiting;
  FillWaiting(simulator, waiting);
  std::vector<TaskSnapshot> tasks;
  for (const SimTask* task = simulator.first_live(); task != nullptr; task = task->live_next) {
    tasks.push_back(SnapshotTask(simulator, *task));
    for (ObjectSnapshot& object : tasks.back().objects) {
      const auto found = waiting.find({object.kind, object.id});
      // A crowd at one object is told once, by its first task: fifty thousand lists of fifty
      // thousand help nobody.
      if (found != waiting.end() &&
          (found->second.size() <= 64 || found->second.front() == task->id))
        object.waiting = found->second;
    }
  }
  return tasks;
}

}  // namespace internal

TaskRegistry& TaskRegistry::Global() {
  static TaskRegistry registry;
  return registry;
}

std::vector<TaskSnapshot> TaskRegistry::Snapshot() const {
  const internal::Simulator* simulator = internal::Simulator::Current();
  return simulator == nullptr ? std::vector<TaskSnapshot>() : internal::SnapshotTasks(*simulator);
}

std::vector<ObjectSnapshot> TaskRegistry::Objects() const {
  std::vector<ObjectSnapshot> objects;
  const internal::Simulator* simulator = internal::Simulator::Current();
  if (simulator == nullptr) return objects;
  std::map<std::pair<std::string, std::uint64_t>, std::vector<TaskId>> waiting;
  internal::FillWaiting(*simulator, waiting);
  for (const internal::Object* object = simulator->first_object(); object != nullptr;
       object = object->next) {
    objects.push_back(internal::SnapshotObject(*object));
    const auto found = waiting.find({objects.back().kind, objects.back().id});
    if (found != waiting.end()) objects.back().waiting = found->second;
  }
  return objects;
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
