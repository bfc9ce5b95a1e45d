// Who decides: the seam between the simulator and the strategies that drive it.
#ifndef TASKLEAK_RUNTIME_SIM_DECIDER_H_
#define TASKLEAK_RUNTIME_SIM_DECIDER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "src/runtime/sim/ready_list.h"
#include "src/runtime/sim/sim_task.h"
#include "src/runtime/timer_queue.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

enum class ChoiceKind : std::uint8_t {
  kTask,   // This task runs next. One that is held is released by it.
  kTimer,  // This timer fires now, whatever could run.
  kFault,  // The schedule cancels or closes, as the body allowed it to.
  kHold,   // This task, which is about to act, is kept behind all others and behind the timers.
};

struct Choice {
  ChoiceKind kind = ChoiceKind::kTask;
  union {
    SimTask* task = nullptr;
    TimerNode* timer;
    Fault* fault;
  };
  static Choice Task(SimTask* task) {
    Choice c;
    c.task = task;
    return c;
  }
  static Choice Timer(TimerNode* timer) {
    Choice c;
    c.kind = ChoiceKind::kTimer;
    c.timer = timer;
    return c;
  }
  static Choice Fault(Fault* fault) {
    Choice c;
    c.kind = ChoiceKind::kFault;
    c.fault = fault;
    return c;
  }
  static Choice Hold(SimTask* task) {
    Choice c;
    c.kind = ChoiceKind::kHold;
    c.task = task;
    return c;
  }
  friend bool operator==(const Choice& a, const Choice& b) {
    return a.kind == b.kind && a.task == b.task;
  }
};

// What a schedule does beside ordering tasks: each kind can be switched off.
struct FaultKinds {
  bool early_return = true;
  bool cancel = true;        // MayCancel
  bool close = true;         // MayClose
  bool early_timers = true;  // The next timer fires although tasks can run.
  bool holds = true;
  bool data = true;  // FuzzInt, FuzzBool
};

// A moment at which more than one thing could happen. Valid during the call only.
struct SchedulePoint {
  SimTask* anchor;                 // Whose operation this decision belongs to,
  std::uint16_t sub;               // and which of the decisions that fell during it this is.
  SimTask* current;                // The task about to do `op`, if it can go on; else null.
  const Operation* op;             // Null when `current` is.
  Choice canonical;                // What the fair run would do; no task: nothing more, the end.
  const ReadyList& ready;          // The others that can run.
  std::span<SimTask* const> held;  // Those that could run but are held.
  const TimerQueue* timers;        // Whose next ones may fire now; null: none may.
  std::span<Fault* const> faults;  // Possible now.
};

// Called on the stacks of the tasks: must not park, and should not allocate. Answers must be among
// what is offered.
class Decider {
 public:
  virtual ~Decider() = default;

  // For speed: at how many of the coming points with a `current` it would answer what is canonical;
  // it is not asked there. Counted down by the simulator.
  std::uint32_t quiet = 0;
  // False: where a task cannot go on, it would answer what is canonical unless there is a choice of
  // tasks or faults.
  bool fires_timers_early = true;
  // True: it looks timers up by their names, TimerQueue::FindDue. Read when a run begins.
  bool finds_timers = false;

  // The task has just been created, as its parent's child of that ordinal; the root has no parent.
  virtual void OnTask(SimTask* /*task*/, std::uint32_t /*parent*/, std::uint32_t /*ordinal*/) {}
  virtual Choice Schedule(const SchedulePoint& point) = 0;
  // One of the ready cases; or, of a select that will wait, of those at one end of a channel.
  virtual std::uint32_t Case(SimTask* task, const Operation& op,
                             std::span<const std::uint32_t> ready) = 0;
  virtual bool TakeFault(SimTask* task, const Operation& op) = 0;
  virtual std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                            std::int64_t canonical) = 0;
};

// A decision that went another way than the canonical one, as it is logged during a run: by ids of
// this run, which RunLog::paths turns into names that hold in every run.
struct LoggedException {
  enum class Kind : std::uint8_t { kTask, kTimer, kFault, kHold, kCase, kEarlyReturn, kData };
  Kind kind;
  std::uint16_t sub;   // Which decision of the operation.
  std::uint32_t task;  // The operation it belongs to: task and ordinal.
  std::uint32_t op;
  std::uint32_t target;  // kTask: the task; kTimer, kFault: the owner.
  std::int64_t value;    // kTimer, kFault: which of the owner's; kCase: the case; kData: the value.
};

// How each task came to be: parent and which of its children. Index: id - 1.
struct PathNode {
  std::uint32_t parent;
  std::uint32_t ordinal;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_DECIDER_H_
