// Copies of what the simulator knows, for reports. Called on the simulator's thread: from within a
// run, or at its end before anything is unwound.
#ifndef TASKLEAK_REGISTRY_SNAPSHOT_H_
#define TASKLEAK_REGISTRY_SNAPSHOT_H_

#include <vector>

#include "src/runtime/sim/simulator.h"
#include "taskleak/registry.h"

namespace taskleak::internal {

ObjectSnapshot SnapshotObject(const Object& object);
// One task, without who else waits at its objects.
TaskSnapshot SnapshotTask(const Simulator& simulator, const SimTask& task);
// All tasks that live, in order of their ids.
std::vector<TaskSnapshot> SnapshotTasks(const Simulator& simulator);

}  // namespace taskleak::internal

#endif  // TASKLEAK_REGISTRY_SNAPSHOT_H_
