#include "src/runtime/native/testing.h"

#include <utility>

#include "src/runtime/sanitizer.h"
#include "taskleak/internal/spawn.h"

namespace taskleak::internal {

NativeTestRuntime::NativeTestRuntime() : NativeRuntime(NextRun()) {
  host_.runtime = this;
  host_.record = taskleak_v1_task_acquire();  // As the alarm clock's.
}

NativeTestRuntime::~NativeTestRuntime() {
  taskleak_v1_task_release(host_.record);
  FreeTasks();
}

TestRun NativeTestRuntime::Run(const std::function<void()>& body) {
  const ThreadState outside = std::exchange(t_state, {this, &host_, run_, false});
  TestRun run;
  const std::uint32_t root = Spawn("root", body, Site());
  BeginExclusive();
  RunToTheEnd();
  result_.time = Now();
  if (result_.end == RunEnd::kClean && live_ > 0)
    result_.end = live_first_->id == root ? RunEnd::kDeadlock : RunEnd::kLeak;
  run.left = SnapshotTasks(*this);
  run.result = result_;
  UnwindAll();
  Clear();
  EndExclusive();
  t_state = outside;
  return run;
}

void NativeTestRuntime::OnQuiet() {
  quiet_.store(1, std::memory_order_release);
  FutexWake(quiet_);
}

void NativeTestRuntime::AwaitQuiet() {
  while (running_ > 0) {
    quiet_.store(0, std::memory_order_relaxed);
    EndExclusive();
    while (quiet_.load(std::memory_order_acquire) == 0) FutexWait(quiet_, 0);
    BeginExclusive();
  }
  OrderAcquire(this);
}

void NativeTestRuntime::RunToTheEnd() {
  for (;;) {
    AwaitQuiet();
    if (timers_.empty() || timers_.OnlyIdle(live_ > 0)) return;
    now_.store(std::max(Now(), timers_.next()->when), std::memory_order_relaxed);
    OrderRelease(&timers_);
    FireNext();
    // What it woke is woken when the lock is given up.
    EndExclusive();
    BeginExclusive();
  }
}

void NativeTestRuntime::UnwindAll() {
  while (live_first_ != nullptr) {
    NativeTask* task = live_first_;
    task->unwind = true;
    OrderRelease(this);
    if (task->parked) Unpark(task);
    AwaitQuiet();
  }
}

// As the simulator does: what the run's objects and timers still hold goes, and with it values and
// callables, whose destructors find a run that is over. Most of them go when the lock is given up.
void NativeTestRuntime::Clear() {
  t_state.unwinding = true;
  for (TimerNode* timer : timers_.all()) timer->position = 0;
  for (TimerNode* timer : std::vector<TimerNode*>(timers_.all())) timer->Drop();
  timers_.Clear();
  while (object_first_ != nullptr) {
    Object* object = object_first_;
    object->AddRef();
    object->Sever();
    Forget(object);
    object->Release();
  }
}

void NativeTestRuntime::NoteMisuse(const char* sentence) {
  const Exclusive exclusive(this);
  if (result_.end == RunEnd::kMisuse) return;
  result_.end = RunEnd::kMisuse;
  result_.message = sentence;
}

void NativeTestRuntime::OnFailure(const NativeTask& task, const char* kind,
                                  const char* what) noexcept {
  const Exclusive exclusive(this);
  if (result_.end != RunEnd::kClean) return;
  result_.end = std::string_view(kind) == "misuse"  ? RunEnd::kMisuse
                : std::string_view(kind) == "panic" ? RunEnd::kPanic
                                                    : RunEnd::kException;
  result_.failed_task = task.id;
  result_.message = what;
}

}  // namespace taskleak::internal
