// The native runtime, part two: the life of a task, from memory for its callable to its end; and
// the threads that are attached.
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "src/runtime/describe.h"
#include "src/runtime/native/alarm_clock.h"
#include "src/runtime/native/native_runtime.h"
#include "src/runtime/native/worker_pool.h"
#include "src/runtime/sanitizer.h"
#include "src/stack/capture.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

// Detaches a thread at its end. A key's destructor runs after those of C++ thread_locals, which may
// still use the primitives; should something later attach the thread anew, it runs again.
pthread_key_t DetachKey() {
  static const pthread_key_t key = [] {
    pthread_key_t made;
    pthread_key_create(&made, [](void* detach) { reinterpret_cast<void (*)()>(detach)(); });
    return made;
  }();
  return key;
}

// The end of splitmix64 (Steele, Lea and Flood, 2014): all bits of what is given bear on each bit
// of what is returned, which is 0 for 0 only.
std::uint64_t Mixed(std::uint64_t bits) {
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebULL;
  return bits ^ bits >> 31;
}

}  // namespace

NativeRuntime& NativeRuntime::Process() {
  static NativeRuntime* const runtime = [] {
    pthread_atfork([] { Process().lock_.Acquire(); }, [] { Process().lock_.Release(); },
                   [] { Process().OnlyOneThreadIsLeft(); });
    return new NativeRuntime(kNativeRun);
  }();
  return *runtime;
}

// In the child of a fork. The tasks, the idle threads and the timers were the parent's.
void NativeRuntime::OnlyOneThreadIsLeft() {
  NativeTask* self = t_state.runtime == this ? Self() : nullptr;
  live_first_ = live_last_ = self;
  live_ = self == nullptr ? 0 : 1;
  running_ = self != nullptr && self->started_by_go ? 1 : 0;
  if (self != nullptr) self->live_next = self->live_prev = nullptr;
  for (TimerNode* timer : timers_.all()) timer->position = 0;
  timers_.Clear();
  WorkerPool::Get().ForgetThreads();
  AlarmClock::Get().ForgetThread();
  lock_.Release();
}

Runtime* AttachThread() {
  NativeRuntime::Process().Attach();
  return t_state.runtime;
}

void NativeRuntime::Attach() {
  lock_.Acquire();
  NativeTask* self = NewTask();
  lock_.Release();
  self->started_by_go = false;
  std::uintptr_t low = 0;
  ThreadStackBounds(&low, &self->stack_high);
  t_state = {this, self, run_, false};
  {
    const Exclusive exclusive(this);
    Enlist(self, 0, getpid() == gettid() ? "main" : "thread", Site());
  }
  pthread_setspecific(DetachKey(), reinterpret_cast<void*>(+[] {
                        NativeTask* ending = Self();
                        {
                          const Exclusive exclusive(ending->runtime);
                          ending->runtime->Retire(ending);
                        }
                        t_state = {};
                      }));
}

NativeTask* NativeRuntime::NewTask() {
  NativeTask* task = free_;
  if (task != nullptr)
    free_ = task->next;
  else
    task = new NativeTask;
  task->runtime = this;
  task->next = nullptr;
  if (task->record == nullptr) task->record = taskleak_v1_task_acquire();
  if (task->record == nullptr) {  // A million tasks live.
    task->next = std::exchange(free_, task);
    throw std::bad_alloc();
  }
  return task;
}

void NativeRuntime::Enlist(NativeTask* task, std::uint32_t parent, std::string_view name,
                           const Site& site) {
  task->id = ++last_id_;
  task->random = Mixed(run_ << 32 | task->id);
  task->next_timer = 1;
  task->parked = task->unwind = false;
  task->operation = nullptr;
  task->last_kind = OpKind::kNone;
  task->last_site = {};
  task->frame = nullptr;
  task->wake.store(NativeTask::kNotWoken, std::memory_order_relaxed);
  taskleak_v1_task* record = task->record;
  taskleak_v1_task_begin_write(record);
  record->run = 0;
  record->id = task->id;
  record->parent = parent;
  record->state = taskleak_v1_runnable;
  record->operation = 0;
  record->object = 0;
  record->since = Now();
  record->created_file = site.file;
  record->created_line = site.line;
  record->blocked_file = nullptr;
  record->labels[0] = '\0';
  const std::size_t length = std::min(name.size(), sizeof(record->name) - 1);
  if (length > 0) std::memcpy(record->name, name.data(), length);
  record->name[length] = '\0';
  if (!task->started_by_go) record->frame_count = 0;
  taskleak_v1_task_end_write(record);

  task->live_next = nullptr;
  task->live_prev = live_last_;
  (live_last_ != nullptr ? live_last_->live_next : live_first_) = task;
  live_last_ = task;
  ++live_;
  if (task->started_by_go) ++running_;
}

// The task is pooled again: its record stays with it.
void NativeRuntime::Retire(NativeTask* task) {
  (task->live_prev != nullptr ? task->live_prev->live_next : live_first_) = task->live_next;
  (task->live_next != nullptr ? task->live_next->live_prev : live_last_) = task->live_prev;
  --live_;
  taskleak_v1_task_begin_write(task->record);
  task->record->id = 0;
  taskleak_v1_task_end_write(task->record);
  task->next = free_;
  free_ = task;
  if (task->started_by_go && --running_ == 0) OnQuiet();
}

void NativeRuntime::FreeTasks() {
  while (free_ != nullptr) {
    NativeTask* task = std::exchange(free_, free_->next);
    if (task->record != nullptr) taskleak_v1_task_release(task->record);
    delete task;
  }
}

void* NativeRuntime::CodeMemory(NativeTask* task, std::size_t size, std::size_t alignment) {
  task->code_size = size;
  task->code_alignment = std::max<std::size_t>(alignment, alignof(std::max_align_t));
  return ::operator new(size, std::align_val_t{task->code_alignment});
}

void NativeRuntime::FreeCode(NativeTask* task) noexcept {
  ::operator delete(task->code.callable, std::align_val_t{task->code_alignment});
  task->code.callable = nullptr;
}

void* NativeRuntime::BeginSpawn(std::size_t size, std::size_t alignment, const Site& /*site*/) {
  NativeTask* task;
  {
    const Exclusive exclusive(this);
    task = NewTask();
  }
  task->code.callable = CodeMemory(task, size, alignment);
  task->next = Self()->spawning;
  Self()->spawning = task;
  return task->code.callable;
}

void NativeRuntime::CancelSpawn() noexcept {
  NativeTask* task = Self()->spawning;
  Self()->spawning = task->next;
  FreeCode(task);
  const Exclusive exclusive(this);
  task->next = free_;
  free_ = task;
}

std::uint32_t NativeRuntime::CommitSpawn(const TaskCode& code, std::string_view name,
                                         const Site& site) {
  NativeTask* task = Self()->spawning;
  Self()->spawning = task->next;
  task->code = code;
  task->started_by_go = true;
  std::uint32_t id = 0;
  {
    const Exclusive exclusive(this);
    Enlist(task, Self()->id, name, site);
    const void* frame = __builtin_frame_address(0);
    task->record->frame_count = static_cast<std::uint8_t>(
        CaptureFrames(frame, nullptr, reinterpret_cast<std::uintptr_t>(frame), Self()->stack_high,
                      task->record->frames, taskleak_v1_max_frames));
    id = task->id;
    ++steps;
    OrderRelease(task);
    Self()->last_kind = OpKind::kGo;
    Self()->last_site = site;
  }
  Start(task);
  return id;
}

void NativeRuntime::SpawnFor(std::uint32_t owner, std::function<void()> f, std::string_view name,
                             const Site& site) {
  const Exclusive exclusive(this);
  NativeTask* task = NewTask();
  using Callable = std::function<void()>;
  auto* callable =
      new (CodeMemory(task, sizeof(Callable), alignof(Callable))) Callable(std::move(f));
  task->code = {callable, [](void* c) { (*static_cast<Callable*>(c))(); },
                [](void* c) noexcept { static_cast<Callable*>(c)->~Callable(); }};
  task->started_by_go = true;
  Enlist(task, owner, name, site);
  task->record->frame_count = 0;
  OrderRelease(task);
  try {
    WorkerPool::Get().Run(task, &RunTask);
  } catch (const std::exception& error) {  // Nobody called, so nobody can be told but the process.
    OnFailure(*task, "exception", error.what());
  }
}

void NativeRuntime::Start(NativeTask* task) {
  try {
    WorkerPool::Get().Run(task, &RunTask);
  } catch (...) {  // No thread: the task never was, and the caller is told.
    task->code.destroy(task->code.callable);
    FreeCode(task);
    const Exclusive exclusive(this);
    Retire(task);
    throw;
  }
}

void NativeRuntime::RunTask(NativeTask* task) noexcept {
  NativeRuntime* runtime = task->runtime;
  std::uintptr_t low = 0;
  ThreadStackBounds(&low, &task->stack_high);
  t_state = {runtime, task, runtime->run_, false};
  OrderAcquire(task);
  runtime->RunBody(task);
  OrderRelease(runtime);  // For a test's host.
  if (task->depth > 0) {  // Unwound within an operation.
    task->depth = 1;
    runtime->Leave(task);
  }
  runtime->Enter(task);
  runtime->FreeCode(task);
  runtime->Retire(task);
  // Once the lock is free the task is the pool's again, and may serve another thread.
  task->depth = 0;
  t_state = {};
  EndAllUntracked();
  runtime->lock_.Release();
}

void NativeRuntime::RunBody(NativeTask* task) {
  try {
    task->code.invoke(task->code.callable);
  } catch (const Unwind&) {
  } catch (const UsageError& error) {
    OnFailure(*task, "misuse", error.what());
  } catch (const Panic& error) {
    OnFailure(*task, "panic", error.what());
  } catch (const std::exception& error) {
    OnFailure(*task, "exception", error.what());
  } catch (...) {  // Whatever it is, it left the task: reported as such.
    OnFailure(*task, "exception", "an exception that is no std::exception");
  }
  // Destructors of captures are the task's own code: they may act.
  try {
    task->code.destroy(task->code.callable);
  } catch (const Unwind&) {
  }
}

void NativeRuntime::OnFailure(const NativeTask& task, const char* kind, const char* what) noexcept {
  char name[160];
  DescribeTask(task.id, *task.record, name, sizeof(name));
  std::fprintf(stderr, "taskleak: %s: %s; it left %s\n", kind, what, name);
  std::terminate();
}

}  // namespace taskleak::internal
