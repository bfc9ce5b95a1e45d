// The seam: the only interface between the primitives and what runs them.
//
// A primitive calls Before, does its work on its own core, parks or unparks tasks, and calls After.
// It knows nothing of which runtime it is on; a runtime knows nothing of channels. Strategies,
// coverage, reduction and the report's prose all live on the two records, Before and After. Nothing
// but a Runtime switches tasks, reads a clock or draws a random number.
#ifndef TASKLEAK_INTERNAL_RUNTIME_H_
#define TASKLEAK_INTERNAL_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "taskleak/internal/object.h"
#include "taskleak/site.h"

namespace taskleak::internal {

// What a task can do that another task can notice. The text of each is in OpName.
enum class OpKind : std::uint8_t {
  kNone,
  kGo,
  kYield,
  kPreemptionPoint,
  kAtomic,
  kSend,
  kRecv,
  kTrySend,
  kTryRecv,
  kClose,
  kLen,
  kSelect,
  kLock,
  kTryLock,
  kUnlock,
  kRLock,
  kTryRLock,
  kRUnlock,
  kWaitGroupAdd,
  kWaitGroupDone,
  kWaitGroupWait,
  kCondWait,
  kCondSignal,
  kCondBroadcast,
  kOnce,
  kSemaphoreAcquire,
  kSemaphoreRelease,
  kErrGroupGo,
  kContextErr,
  kCancel,
  kStopAfterFunc,
  kSleep,
  kNow,
  kTimerNew,
  kTimerStop,
  kTimerReset,
  kEarlyReturn,
  kFuzzData,
  kCount,
};

// "chan send", "waitgroup wait": as Go and its tools name the operation.
const char* OpName(OpKind kind) noexcept;
const char* ObjectKindName(ObjectKind kind) noexcept;

// One case of a select, as a runtime sees it.
struct CaseView {
  Object* object;  // Null: a nil channel.
  bool is_send;
};

// What a task is about to do. Lives in the frame of the operation, for as long as the task is in
// it.
struct Operation {
  OpKind kind = OpKind::kNone;
  bool preempts = true;  // Whether other tasks may run first. Only operations that communicate do.
  std::uint16_t case_count = 0;
  const Site& site;
  Object* object = nullptr;         // The object; for a select, null: its cases tell.
  const CaseView* cases = nullptr;  // For a select, case_count of them.
  std::string_view label = {};      // EarlyReturn's label; else empty.
};

// How an operation ended, for After. A select gives kChose + the case's index.
namespace outcome {
inline constexpr std::uint32_t kDone = 0;
inline constexpr std::uint32_t kNotReady =
    1;                                       // A Try that did nothing, an EarlyReturn that went on.
inline constexpr std::uint32_t kClosed = 2;  // A receive that found the channel closed and drained.
inline constexpr std::uint32_t kPanicked = 3;
inline constexpr std::uint32_t kChose = 16;
}  // namespace outcome

// Thrown into a parked task to unwind it. No std::exception, so that no handler for those takes it.
struct Unwind {};

// A task as the seam knows it: something that can be parked and unparked.
struct Task {
  std::uint32_t id = 0;
};

// A timer in the runtime's queue. Its owner derives from it, and is called back when time has come:
// from the runtime, between two operations, on whatever stack; it may unpark and spawn, and must
// not park.
class TimerNode {
 public:
  virtual void Fire() = 0;
  // Calls Runtime::Touch for what firing now would touch. Fire itself does so too.
  virtual void TouchAll(Runtime& /*runtime*/) const {}
  // True if firing could not be noticed by anybody: a ticker whose channel is full.
  virtual bool FiringIsIdle() const { return false; }
  // The run is over and the timer still armed: it will not fire any more.
  virtual void Drop() {}
  // True if firing may start a task, so that the run is not over while this is armed.
  virtual bool MaySpawn() const { return false; }

  std::int64_t when = 0;  // Nanoseconds of the runtime's clock.
  std::uint64_t sequence = 0;
  std::uint32_t owner = 0;  // The task that made it, and which of its timers it is.
  std::uint32_t ordinal = 0;
  std::uint32_t position = 0;  // 1-based in the queue; 0: not armed.

  bool armed() const { return position != 0; }

 protected:
  ~TimerNode() = default;
};

// Something that the schedule may do to a body at any later step: a cancel, a close.
class Fault {
 public:
  virtual ~Fault() = default;
  virtual bool Possible() const = 0;  // False once it would change nothing.
  virtual void Fire() = 0;
  // As TimerNode::TouchAll.
  virtual void TouchAll(Runtime& runtime) const = 0;
  virtual OpKind kind() const = 0;  // kCancel or kClose.
  virtual Object* object() const = 0;

  std::uint32_t owner = 0;  // The task that declared it, and which of its faults it is.
  std::uint32_t ordinal = 0;
  Site declared_at;
};

// A new task's body: the callable is built in place by the caller of BeginSpawn.
struct TaskCode {
  void* callable = nullptr;
  void (*invoke)(void*) = nullptr;
  void (*destroy)(void*) noexcept = nullptr;
};

class Runtime {
 public:
  // `simulated`: one OS thread, virtual time, a schedule. Else tasks run at the same time.
  explicit Runtime(bool simulated) : simulated(simulated) {}
  virtual ~Runtime() = default;

  // Around every operation: from Before to After no other task touches the primitives' state, but
  // while this one is parked. Before may run other tasks first, and throws when the task is being
  // unwound.
  virtual void Before(const Operation& op) = 0;
  virtual void After(const Operation& op, std::uint32_t outcome) = 0;

  // Parks the current task, blocked on `op`, until it is unparked; at once if it was unparked since
  // it last parked. Throws when it is being unwound.
  virtual void Park(const Operation& op) = 0;
  virtual void Unpark(Task* task) = 0;
  // Gives way: the current task stays runnable, behind all others.
  virtual void Yield(const Operation& op) = 0;

  // Starts a task in two steps: memory for the callable, then the task, whose creation stack is
  // that of the caller. CancelSpawn gives the memory back when the callable's constructor threw.
  // CommitSpawn returns the task's id: the task itself may have ended by then.
  virtual void* BeginSpawn(std::size_t size, std::size_t alignment, const Site& site) = 0;
  virtual void CancelSpawn() noexcept = 0;
  virtual std::uint32_t CommitSpawn(const TaskCode& code, std::string_view name,
                                    const Site& site) = 0;
  // For tasks that no task starts: a timer's or a context's function. `owner` is who registered it.
  virtual void SpawnFor(std::uint32_t owner, std::function<void()> f, std::string_view name,
                        const Site& site) = 0;

  // Nanoseconds since the epoch of the runtime's clock.
  virtual std::int64_t Now() = 0;
  virtual void Arm(TimerNode* timer, std::int64_t when) = 0;
  virtual void Disarm(TimerNode* timer) = 0;
  virtual void AdoptTimer(TimerNode* timer) = 0;  // Names it: owner and ordinal.

  // Which of the ready cases of a select; `ready` holds case indices in argument order, the first
  // is canonical. Or, of a select that will wait, which of the cases that wait at the same end of a
  // channel is in front there. Asked once in an operation at most.
  virtual std::uint32_t DecideCase(const Operation& op, std::span<const std::uint32_t> ready) = 0;
  // Whether a fault that the body offers happens here; canonically it does not.
  virtual bool DecideFault(const Operation& op) = 0;
  // Fuzzed data in [lo, hi]; canonically the value nearest 0.
  virtual std::int64_t DecideData(const Operation& op, std::int64_t lo, std::int64_t hi) = 0;
  // Takes ownership.
  virtual void ArmFault(Fault* fault, const Site& site) = 0;

  // Tells that the current step touches an object otherwise than by an operation on it: a child
  // that registers with its context, a once that is done. Who reduces schedules must know.
  virtual void Touch(const Object& /*object*/) {}

  // An object's birth and death.
  virtual void Adopt(Object* object) = 0;
  virtual void Forget(Object* object) noexcept = 0;

  // What an operation promises, for work on the primitives' state that is none: see Exclusive.
  virtual void BeginExclusive() {}
  virtual void EndExclusive() noexcept {}
  // Destroys `what`, as soon as the caller is not within an operation: what an element's, a value's
  // or a callable's destructor does is the user's.
  virtual void Dispose(void* what, void (*destroy)(void*) noexcept) noexcept { destroy(what); }

  // The caller's stack: return addresses, innermost first, zeros behind them.
  virtual void CaptureStack(std::uintptr_t* pcs, std::size_t max) = 0;

  virtual void SetName(std::string_view name) = 0;
  virtual void SetLabel(std::string_view key, std::string_view value) = 0;

  // An operation reached while its task unwinds: counted, and the task is abandoned when they do
  // not end.
  virtual void OnUnwindingOperation() = 0;
  // A wrong use that must reach Explore's caller even if the body swallows the exception.
  virtual void NoteMisuse(const char* sentence) = 0;
  // The stack of a panic, captured before anything is unwound.
  virtual void NotePanic(const Site& site) = 0;

  const bool simulated;
  std::uint64_t steps = 0;  // Operations begun in this run.
};

// Runs are numbered. 0 is none: that of a thread which no runtime knows yet. 1 is what happens
// outside every run: the process's own native runtime. Each simulation is a run of its own.
inline constexpr std::uint64_t kNativeRun = 1;
// A number that no run has had.
std::uint64_t NextRun() noexcept;

// What the calling OS thread is running. All zero on a thread that no runtime knows.
struct ThreadState {
  Runtime* runtime = nullptr;
  Task* task = nullptr;
  std::uint64_t run = 0;
  bool unwinding = false;
};
extern constinit thread_local ThreadState t_state;

// Refuses a use of something made in run `run` from elsewhere, in a sentence that says which of the
// cases it is.
[[noreturn]] void RefuseForeignUse(const char* what, const Site& made_at, std::uint64_t run,
                                   OpKind kind, const Site& site);
// Makes the calling thread, which no runtime knows, a task of the process's native runtime.
Runtime* AttachThread();
// Takes an object of run 1 out of that run's list. By any thread, whatever it runs.
void ForgetNatively(Object* object) noexcept;
// What Enter does where the object is not of the thread's run: attaches the thread, or refuses.
Runtime* EnterSlowly(const Object* object, OpKind kind, const Site& site);
[[noreturn]] void ThrowClosed(const char* sentence, const Site& site);
[[noreturn]] void ThrowPanic(const char* sentence, const Site& site);

// True if the calling task is being unwound: the operation must return before it reads *this or its
// arguments, which may be dead.
inline bool Unwinding() {
  if (!t_state.unwinding) [[likely]]
    return false;
  t_state.runtime->OnUnwindingOperation();
  return true;
}

// The current runtime, for an operation on `object`, which is of some run: its number is not 0.
inline Runtime* Enter(const Object* object, OpKind kind, const Site& site) {
  if (t_state.run != object->run || t_state.run == 0) [[unlikely]]
    return EnterSlowly(object, kind, site);
  return t_state.runtime;
}

// The current runtime, for a call that belongs to no object.
inline Runtime* CurrentRuntime() {
  if (t_state.run == 0) [[unlikely]]
    return AttachThread();
  return t_state.runtime;
}

// Whether the calling thread is within a run: outside all of them no schedule decides anything.
inline bool InRun() { return t_state.run > kNativeRun; }

// Keeps every other task out of the primitives' state while it lives: for what touches that state
// without being an operation, at which a schedule could come between.
class Exclusive {
 public:
  explicit Exclusive(Runtime* runtime) : runtime_(runtime) {
    if (!runtime_->simulated) runtime_->BeginExclusive();  // Else there is one thread only.
  }
  ~Exclusive() {
    if (!runtime_->simulated) runtime_->EndExclusive();
  }
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

 private:
  Runtime* const runtime_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_RUNTIME_H_
