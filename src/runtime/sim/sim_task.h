// A task of the simulator: a fiber with its place in the schedule.
#ifndef TASKLEAK_RUNTIME_SIM_SIM_TASK_H_
#define TASKLEAK_RUNTIME_SIM_SIM_TASK_H_

#include <cstddef>
#include <cstdint>

#include "src/registry/task_table.h"
#include "src/runtime/sim/fiber.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

// Used by the simulator's thread only. Pooled: fiber, stack and record serve one task after
// another.
//
// Invariants:
//  1. `ready_position` is not 0 exactly while it stands in the ready list.
//  2. (path of creation, `op`) names each of its operations in every run of one schedule; `sub`
//  counts the decisions that
//     fell since that operation began.
struct SimTask : Task {
  enum class State : std::uint8_t { kNew, kRunning, kReady, kBlocked, kEnded };

  State state = State::kNew;
  bool held = false;      // Kept behind all others and the timers.
  bool unparked = false;  // Since it last parked: the next Park returns at once.
  bool in_held = false;   // Stands in the list of held tasks that could run.
  std::uint16_t sub = 0;
  std::uint16_t slice = 0;  // Operations since it got the processor.
  std::uint32_t op = 0;
  std::uint64_t path_hash = 0;
  const void* frame = nullptr;  // Of the seam's function in which it gave up the processor.
  const Operation* operation = nullptr;  // What it is in: on its stack, or null.
  OpKind last_kind = OpKind::kNone;      // What it did last, and where.
  Site last_site;
  std::int64_t blocked_since = 0;
  std::uint64_t blocked_step = 0;
  std::uint32_t next_child = 1;
  std::uint32_t next_object = 1;
  std::uint32_t next_timer = 1;
  std::uint32_t next_fault = 1;

  std::uint32_t ready_position = 0;  // 1-based.
  SimTask* ready_next = nullptr;     // From the longest ready on.
  SimTask* ready_prev = nullptr;
  SimTask* live_next = nullptr;  // In order of creation.
  SimTask* live_prev = nullptr;

  void* plan = nullptr;        // The decider's own.
  std::uint64_t priority = 0;  // Likewise.
  std::uint32_t unwind_ops = 0;
  TaskCode code;
  bool code_on_heap = false;
  std::size_t code_size = 0;
  std::size_t code_alignment = 0;
  Fiber fiber;
  taskleak_v1_task* record = nullptr;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_SIM_TASK_H_
