// The simulator: tasks as fibers on one OS thread, virtual time, and a schedule that is a value.
#ifndef TASKLEAK_RUNTIME_SIM_SIMULATOR_H_
#define TASKLEAK_RUNTIME_SIM_SIMULATOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/runtime/sim/decider.h"
#include "src/runtime/sim/fiber.h"
#include "src/runtime/sim/observer.h"
#include "src/runtime/sim/ready_list.h"
#include "src/runtime/sim/sim_task.h"
#include "src/runtime/sim/stack_pool.h"
#include "src/runtime/timer_queue.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

struct SimulatorOptions {
  std::size_t stack_size = std::size_t{256} << 10;
  std::size_t root_stack_size = std::size_t{1} << 20;
};

struct RunOptions {
  std::uint64_t max_steps = 100'000;
  FaultKinds kinds = {};
  // Leaked tasks are left as they are instead of being unwound: for bodies whose destructors cannot
  // stand it.
  bool abandon = false;
};

enum class RunEnd : std::uint8_t {
  kClean,
  kLeak,      // Root returned, tasks are blocked for ever, or one runs for ever.
  kDeadlock,  // Root cannot go on.
  kPanic,
  kException,
  kStepLimit,
  kMisuse,  // `message` is for Explore's caller.
};

struct RunResult {
  RunEnd end = RunEnd::kClean;
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint32_t tasks = 0;        // Started.
  std::uint32_t peak_tasks = 0;   // Alive at once.
  std::uint32_t abandoned = 0;    // Not unwound to their end.
  std::uint32_t failed_task = 0;  // kPanic, kException: whose.
  std::int64_t time = 0;          // Virtual, at the end.
  std::int64_t recovery = 0;      // kClean: virtual time from root's return to the end.
  std::string message;            // What was thrown.
};

// Runs one body at a time. Bound to the OS thread that calls Run, for that call; its methods as a
// Runtime are called by tasks of the run only. Fibers, stacks and records are pooled from run to
// run.
//
// Invariants:
//  1. Exactly one of: a task is `current_`; the host (the caller of Run) is running.
//  2. Every live task is in exactly one of: current, the ready list, the held list, blocked, new
//  and ready.
//  3. A decision that is not canonical is in the log; replaying the log gives the same trace.
//  4. Root's stack is neither reused nor unmapped before all tasks of the run are gone.
class Simulator final : public Runtime {
 public:
  explicit Simulator(const SimulatorOptions& options = {});
  ~Simulator() override;

  // The body runs as the root task; the run goes on until nothing can run and no timer is left.
  // `at_end` is called when the verdict is known and before anything is unwound, while all tasks
  // still stand where they are.
  RunResult Run(const std::function<void()>& body, Decider& decider, const RunOptions& options,
                Observer* observer = nullptr,
                const std::function<void(const RunResult&)>& at_end = {});

  // What the last run did otherwise than the canonical one, and how its tasks came to be. Valid
  // until the next run.
  std::span<const LoggedException> log() const { return log_; }
  std::span<const PathNode> paths() const { return paths_; }

  // For those who look at a run from within or from at_end.
  static Simulator* Current();  // Null outside a simulation.
  SimTask* first_live() const { return live_first_; }
  SimTask* current() const { return current_; }
  Object* first_object() const { return object_first_; }
  std::int64_t time() const { return now_; }
  std::size_t pooled_tasks() const { return all_tasks_.size(); }  // What it keeps memory for.
  SimTask* root() const { return root_; }
  bool root_returned() const { return root_returned_; }
  // While a run ends in kLeak or kStepLimit without being quiescent: the step at which the endless
  // part began, else 0.
  std::uint64_t endless_since() const { return endless_since_; }
  // Whether somebody operated on an object, or copied a handle of it, in that part.
  bool Touched(const Object& object) const;
  // The stack of the last panic; zeros behind it.
  std::span<const std::uintptr_t> panic_frames() const { return panic_frames_; }

  // For the watchdog, from any thread.
  std::uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

  // Runtime
  void Before(const Operation& op) override;
  void After(const Operation& op, std::uint32_t outcome) override;
  void Park(const Operation& op) override;
  void Unpark(Task* task) override;
  void Yield(const Operation& op) override;
  void* BeginSpawn(std::size_t size, std::size_t alignment, const Site& site) override;
  void CancelSpawn() noexcept override;
  std::uint32_t CommitSpawn(const TaskCode& code, std::string_view name, const Site& site) override;
  void SpawnFor(std::uint32_t owner, std::function<void()> f, std::string_view name,
                const Site& site) override;
  std::int64_t Now() override {
    if (observer_ != nullptr) [[unlikely]]
      observer_->OnClock();
    return now_;
  }
  void Touch(const Object& object) override {
    if (observer_ != nullptr) [[unlikely]]
      observer_->OnTouch(object);
  }
  void Arm(TimerNode* timer, std::int64_t when) override;
  void Disarm(TimerNode* timer) override;
  void AdoptTimer(TimerNode* timer) override;
  std::uint32_t DecideCase(const Operation& op, std::span<const std::uint32_t> ready) override;
  bool DecideFault(const Operation& op) override;
  std::int64_t DecideData(const Operation& op, std::int64_t lo, std::int64_t hi) override;
  void ArmFault(Fault* fault, const Site& site) override;
  void Adopt(Object* object) override;
  void Forget(Object* object) noexcept override;
  void CaptureStack(std::uintptr_t* pcs, std::size_t max) override;
  void SetName(std::string_view name) override;
  void SetLabel(std::string_view key, std::string_view value) override;
  void OnUnwindingOperation() override;
  void NoteMisuse(const char* sentence) override;
  void NotePanic(const Site& site) override;

 private:
  friend struct FiberEntry;

  // tasks.cc: the life of a task.
  SimTask* NewTask(bool root);
  void* CodeMemory(SimTask* task, std::size_t size, std::size_t alignment);
  void FreeCode(SimTask* task) noexcept;
  void MakeFiber(SimTask* task);
  Task* StartTask(SimTask* task, std::uint32_t parent, const TaskCode& code, std::string_view name,
                  const Site& site, const void* frame);
  void RunBody(SimTask* task);
  void EndTask(SimTask* task);
  void Unlive(SimTask* task);
  void SwitchTo(SimTask* next);
  void JumpToHost();
  void SwitchToHost();  // Throws when it comes back to unwind.
  void GiveUp(SimTask* task);
  void Enter(SimTask* task);
  void Recycle(SimTask* task);
  [[noreturn]] void Abandon();
  static void OnTerminate();

  // schedule.cc: what happens next.
  SimTask* NextTask();  // Null: nothing can run and no timer is left.
  bool CanJump() const;
  bool IdleStep();  // Nothing can run: fires a timer or releases a held task. False: quiescent.
  Choice CanonicalNext() const;
  Choice Decide(SimTask* current, const Operation* op, Choice canonical, bool idle);
  void Fire(TimerNode* timer);
  void FireFault(Fault* fault);
  // Runs what a timer or a fault does: under TSan after what happened before `cause` was released,
  // and not after what the task has done that happens to run.
  template <class F>
  void OnItsOwn(const void* cause, F f);
  void DropSpentFaults();
  void Hold(SimTask* task);
  void Release(SimTask* task);
  bool Alone() const;
  void MakeReady(SimTask* task);
  void TakeFromReady(SimTask* task);
  void Log(LoggedException::Kind kind, std::uint32_t target, std::int64_t value, SimTask* anchor,
           std::uint16_t sub);
  void AtStepGate();
  void EndRun(RunEnd end);
  void NoteChange(SimTask* task);
  void NoteCopies(std::uint32_t Object::* noted);
  void ReleaseOldHolds();

  // run.cc
  void Reset();
  void JudgeEnd();
  void UnwindAll();
  void OrderTasksBeforeHost();
  void ReuseSpent();
  void Clear();

  void Mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15ULL;
    hash_ ^= hash_ >> 32;
  }

  // The run.
  std::uint64_t run_ = 0;
  Decider* decider_ = nullptr;
  Observer* observer_ = nullptr;
  RunOptions options_;
  RunResult result_;
  SimTask* current_ = nullptr;
  SimTask* anchor_ = nullptr;
  SimTask* root_ = nullptr;
  bool root_returned_ = false;
  bool over_ = false;            // The verdict is known; what still runs is being unwound.
  bool canonical_only_ = false;  // Past the step limit: no more exceptions.
  std::int64_t now_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t step_gate_ = 0;
  std::uint32_t turns_ = 0;  // Given up without blocking, since anything blocked or a timer fired.
  std::uint32_t live_ = 0;
  std::uint32_t spawning_timers_ = 0;
  ReadyList ready_;
  std::vector<SimTask*> held_;
  std::uint64_t oldest_hold_ = 0;  // The step at which the oldest present hold began.
  TimerQueue timers_;
  std::vector<Fault*> faults_;
  std::vector<LoggedException> log_;
  std::vector<PathNode> paths_;
  SimTask* live_first_ = nullptr;
  SimTask* live_last_ = nullptr;
  Object* object_first_ = nullptr;
  Object* object_last_ = nullptr;
  std::uint32_t object_numbers_[8] = {};
  std::vector<SimTask*> spawning_;
  // The endless part of a run: since which step only one task has changed its state.
  std::uint64_t change_step_ = 0;
  std::uint64_t copies_noted_step_ = 0;
  SimTask* changer_ = nullptr;
  std::uint64_t root_returned_step_ = 0;
  std::int64_t root_returned_at_ = 0;
  std::uint64_t endless_since_ = 0;
  static constexpr std::size_t kPanicFrames = 32;
  std::uintptr_t panic_frames_[kPanicFrames] = {};

  // Kept from run to run.
  const SimulatorOptions simulator_options_;
  StackPool stacks_;
  StackPool root_stacks_;
  std::vector<std::unique_ptr<SimTask>> all_tasks_;
  std::vector<SimTask*> free_tasks_;
  SimTask* root_task_ = nullptr;
  Fiber host_;
  SanitizerStack nobody_;        // For TSan: somebody who has done nothing. See OnItsOwn.
  std::vector<SimTask*> spent_;  // Under TSan: see EndTask.
  SimTask* just_ended_ = nullptr;
  ExceptionGlobals* globals_ = nullptr;
  std::atomic<std::uint64_t> progress_{0};
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_SIMULATOR_H_
