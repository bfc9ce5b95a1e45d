// Copies of what a runtime knows, for reports. Of a simulation: called on its thread, from within
// the run or at its end before anything is unwound. Of the native runtime: by any of its tasks.
#ifndef TASKLEAK_REGISTRY_SNAPSHOT_H_
#define TASKLEAK_REGISTRY_SNAPSHOT_H_

#include <vector>

#include "src/runtime/native/native_runtime.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/registry.h"

namespace taskleak::internal {

ObjectSnapshot SnapshotObject(const Object& object);
// One task, without who else waits at its objects.
TaskSnapshot SnapshotTask(const Simulator& simulator, const SimTask& task);
// All tasks that live, in order of their ids.
std::vector<TaskSnapshot> SnapshotTasks(const Simulator& simulator);
// As SnapshotTasks, attached threads included; at one moment.
std::vector<TaskSnapshot> SnapshotTasks(NativeRuntime& runtime);

}  // namespace taskleak::internal

#endif  // TASKLEAK_REGISTRY_SNAPSHOT_H_
