// The native runtime: a task is an OS thread, time is real, the schedule is the kernel's.
#ifndef TASKLEAK_RUNTIME_NATIVE_NATIVE_RUNTIME_H_
#define TASKLEAK_RUNTIME_NATIVE_NATIVE_RUNTIME_H_

#include <cstdint>
#include <functional>
#include <string>

#include "src/runtime/native/futex.h"
#include "src/runtime/native/native_task.h"
#include "src/runtime/sanitizer.h"
#include "src/runtime/timer_queue.h"
#include "taskleak/internal/runtime.h"

namespace taskleak::internal {

// One lock guards all that the primitives share: an operation takes it in Before and gives it up in
// After, or while it is parked. So the primitives, written for the simulator's one thread, are
// right as they are; a snapshot is consistent by holding the lock; and what is proven of a set of
// blocked tasks is proven at one moment. The price is that operations on unrelated objects do not
// overlap: each holds the lock for some 20 ns.
//
// The methods of Runtime are called by the runtime's own tasks: threads that Go started, and
// threads that were attached by the first thing they did. Everything else: by any thread.
//
// Invariants (L: `lock_` is held):
//  1. Every live task is in the list, under L.
//  2. `running_` counts the tasks started by Go that are not parked. Where it is 0, and no timer is
//     armed, only an attached thread could move anything.
//  3. What is woken or destroyed on behalf of an operation is so after L has been given up.
class NativeRuntime : public Runtime {
 public:
  // The process's own, which is run 1. Never destroyed: its tasks may outlive main.
  static NativeRuntime& Process();

  // The calling thread, which no runtime knows, becomes a task of this one until it ends.
  void Attach();

  // For those who look, within an Exclusive.
  NativeTask* first_live() const { return live_first_; }
  Object* first_object() const { return object_first_; }

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
  std::int64_t Now() override;
  void Arm(TimerNode* timer, std::int64_t when) override;
  void Disarm(TimerNode* timer) override;
  void AdoptTimer(TimerNode* timer) override;
  std::uint32_t DecideCase(const Operation& op, std::span<const std::uint32_t> ready) override;
  // No schedule decides anything here.
  bool DecideFault(const Operation&) override { return false; }
  std::int64_t DecideData(const Operation&, std::int64_t lo, std::int64_t hi) override {
    return lo > 0 ? lo : hi < 0 ? hi : 0;
  }
  void ArmFault(Fault* fault, const Site&) override { delete fault; }
  void Adopt(Object* object) override;
  void Forget(Object* object) noexcept override;
  void BeginExclusive() override;
  void EndExclusive() noexcept override;
  void Dispose(void* what, void (*destroy)(void*) noexcept) noexcept override;
  void CaptureStack(std::uintptr_t* pcs, std::size_t max) override;
  void SetName(std::string_view name) override;
  void SetLabel(std::string_view key, std::string_view value) override;
  void OnUnwindingOperation() override {}
  void NoteMisuse(const char*) override {}
  void NotePanic(const Site&) override {}

 protected:
  explicit NativeRuntime(std::uint64_t run) : Runtime(false), run_(run) {}

  // An exception has left a task: in the process's own runtime that ends the process, as a panic
  // does in Go. Called without L, in the handler of that exception.
  virtual void OnFailure(const NativeTask& task, const char* kind, const char* what) noexcept;
  // Under L: the last running task has parked or ended.
  virtual void OnQuiet() {}
  // Under L: a timer is now the next one, or due sooner than it was.
  virtual void OnEarlierTimer();

  static NativeTask* Self() { return static_cast<NativeTask*>(t_state.task); }
  void Enter(NativeTask* self) {
    BeginUntracked();
    if (self->depth++ == 0) lock_.Acquire();
  }
  void Leave(NativeTask* self) {
    EndUntracked();
    if (--self->depth == 0) GiveUp(self);
  }
  // A pooled task that no thread is yet; then its record and its place in the list. Under L.
  NativeTask* NewTask();
  void Enlist(NativeTask* task, std::uint32_t parent, std::string_view name, const Site& site);
  void Retire(NativeTask* task);  // Under L.
  // The due timers fire, under L, on behalf of `self`. Returns when the next one is due; INT64_MAX:
  // none is armed.
  std::int64_t FireDue(std::int64_t now);
  void FireNext();
  // For one that ends: no task lives, and no thread of the pool works for it any more.
  void FreeTasks();

  const std::uint64_t run_;
  FutexLock lock_;
  TimerQueue timers_;
  std::uint32_t running_ = 0;
  std::uint32_t live_ = 0;
  NativeTask* live_first_ = nullptr;
  NativeTask* live_last_ = nullptr;
  Object* object_first_ = nullptr;
  Object* object_last_ = nullptr;

 private:
  friend class AlarmClock;
  void OnlyOneThreadIsLeft();
  static void RunTask(NativeTask* task) noexcept;
  void RunBody(NativeTask* task);
  void* CodeMemory(NativeTask* task, std::size_t size, std::size_t alignment);
  void FreeCode(NativeTask* task) noexcept;
  void Start(NativeTask* task);
  [[noreturn]] void BeginUnwinding();
  void GiveUp(NativeTask* self);  // L, and does what was put off.

  NativeTask* free_ = nullptr;
  std::uint32_t last_id_ = 0;
  std::uint32_t object_numbers_[8] = {};
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_NATIVE_NATIVE_RUNTIME_H_
