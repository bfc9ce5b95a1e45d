// The simulator, part one: the life of a task, from memory for its callable to the end of its
// fiber.
#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "src/runtime/describe.h"
#include "src/runtime/sim/simulator.h"
#include "src/stack/capture.h"
#include "taskleak/error.h"

namespace taskleak::internal {

namespace fcontext = boost::context::detail;

namespace {

// Memory at the top of each stack for the task's callable: it is near what the task touches anyway.
constexpr std::size_t kCodeBytes = 240;
constexpr std::size_t kTopBytes = kCodeBytes + 16;  // The canary above it.
constexpr std::uint32_t kUnwindOperations = 100;

std::uint64_t PathHash(std::uint64_t parent, std::uint32_t ordinal) {
  std::uint64_t hash = (parent ^ ordinal) * 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 29);
}

// What comes now is the user's: destructors, which may even end the process.
[[noreturn]] void ThrowUnwind() {
  EndAllUntracked();
  throw Unwind{};
}

void CopyText(char* out, std::size_t size, std::string_view text) {
  const std::size_t length = std::min(text.size(), size - 1);
  if (length > 0) std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

}  // namespace

// The first thing on every fiber's stack. Serves one task after another.
struct FiberEntry {
  static void Run(fcontext::transfer_t from) {
    auto* simulator = static_cast<Simulator*>(t_state.runtime);
    SimTask* task = static_cast<SimTask*>(t_state.task);
    Arrive(from, task->fiber);
    for (;;) Serve(simulator, task);
  }
  // Not inlined: the compiler must not keep the address of a thread-local across a switch, since
  // the pool may serve another OS thread later.
  [[gnu::noinline]] static void Serve(Simulator* simulator, SimTask* task) {
    simulator->RunBody(task);
    simulator->EndTask(task);
  }
};

SimTask* Simulator::NewTask(bool root) {
  SimTask* task;
  if (root && root_task_ != nullptr) {
    task = root_task_;
  } else if (!root && !free_tasks_.empty()) {
    task = free_tasks_.back();
    free_tasks_.pop_back();
  } else {
    auto fresh = std::make_unique<SimTask>();
    task = fresh.get();
    task->fiber.stack = (root ? root_stacks_ : stacks_).Allocate();
    task->record = taskleak_v1_task_acquire();
    if (task->record == nullptr) throw std::bad_alloc();
    all_tasks_.push_back(std::move(fresh));
    if (root) root_task_ = task;
  }
  return task;
}

void* Simulator::CodeMemory(SimTask* task, std::size_t size, std::size_t alignment) {
  task->code_size = size;
  task->code_alignment = alignment;
  task->code_on_heap = size > kCodeBytes || alignment > 16;
  if (task->code_on_heap)
    return ::operator new(size, std::align_val_t{std::max<std::size_t>(alignment, 16)});
  return task->fiber.stack.high - kTopBytes;
}

void Simulator::FreeCode(SimTask* task) noexcept {
  if (!task->code_on_heap) return;
  ::operator delete(task->code.callable,
                    std::align_val_t{std::max<std::size_t>(task->code_alignment, 16)});
  task->code_on_heap = false;
}

void Simulator::MakeFiber(SimTask* task) {
  std::byte* top = task->fiber.stack.high - kTopBytes;
  UnpoisonStack(task->fiber.stack.low, task->fiber.stack.size());
  std::memset(top - 256, 0,
              256);  // The first frame's saved frame pointer is 0: a stack walk ends there.
  task->fiber.context = fcontext::make_fcontext(
      top, static_cast<std::size_t>(top - task->fiber.stack.low), &FiberEntry::Run);
}

void* Simulator::BeginSpawn(std::size_t size, std::size_t alignment, const Site& site) {
  const Operation op{.kind = OpKind::kGo, .preempts = false, .site = site};
  Before(op);  // Which may end the run: before there is anything to give back.
  SimTask* task = NewTask(false);
  void* memory = CodeMemory(task, size, alignment);
  task->code.callable = memory;
  spawning_.push_back(task);
  EndUntracked();  // The callable is the user's.
  return memory;
}

void Simulator::CancelSpawn() noexcept {
  const Untracked ours;
  SimTask* task = spawning_.back();
  spawning_.pop_back();
  FreeCode(task);
  (kTsan ? spent_ : free_tasks_).push_back(task);  // See Recycle.
}

Task* Simulator::StartTask(SimTask* task, std::uint32_t parent, const TaskCode& code,
                           std::string_view name, const Site& site, const void* frame) {
  const Untracked ours;
  SimTask* creator = current_;
  paths_.push_back({parent, 0});
  task->id = static_cast<std::uint32_t>(paths_.size());
  std::uint64_t parent_hash = 0;
  if (parent != 0) {
    // A timer's function belongs to the task that registered it, which may have ended: its children
    // then count on.
    SimTask* owner = creator != nullptr && creator->id == parent ? creator : nullptr;
    for (SimTask* live = owner == nullptr ? live_first_ : nullptr; live != nullptr;
         live = live->live_next)
      if (live->id == parent) owner = live;
    if (owner != nullptr) {
      paths_.back().ordinal = owner->next_child++;
      parent_hash = owner->path_hash;
    } else {
      std::uint32_t ordinal = 1u << 24;  // Beyond any child that it started itself.
      for (const PathNode& node : paths_)
        if (&node != &paths_.back() && node.parent == parent && node.ordinal >= ordinal)
          ordinal = node.ordinal + 1;
      paths_.back().ordinal = ordinal;
      parent_hash = parent;
    }
  }
  task->path_hash = PathHash(parent_hash, paths_.back().ordinal);
  task->state = SimTask::State::kNew;
  task->held = task->in_held = task->unparked = false;
  task->sub = task->slice = 0;
  task->op = 0;
  task->frame = nullptr;
  task->operation = nullptr;
  task->last_kind = OpKind::kNone;
  task->last_site = {};
  task->next_child = task->next_object = task->next_timer = task->next_fault = 1;
  task->plan = nullptr;
  task->unwind_ops = 0;
  task->code = code;

  taskleak_v1_task* record = task->record;
  taskleak_v1_task_begin_write(record);
  record->run = static_cast<std::uint32_t>(run_);
  record->id = task->id;
  record->parent = parent;
  record->state = taskleak_v1_runnable;
  record->operation = 0;
  record->object = 0;
  record->since = now_;
  record->created_file = site.file;
  record->created_line = site.line;
  record->blocked_file = nullptr;
  record->labels[0] = '\0';
  CopyText(record->name, sizeof(record->name), name);
  record->frame_count = 0;
  if (frame != nullptr && creator != nullptr) {
    record->frame_count = static_cast<std::uint8_t>(
        CaptureFrames(frame, nullptr, reinterpret_cast<std::uintptr_t>(frame),
                      reinterpret_cast<std::uintptr_t>(creator->fiber.stack.high), record->frames,
                      taskleak_v1_max_frames));
  }
  taskleak_v1_task_end_write(record);

  task->live_next = nullptr;
  task->live_prev = live_last_;
  (live_last_ != nullptr ? live_last_->live_next : live_first_) = task;
  live_last_ = task;
  result_.peak_tasks = std::max(result_.peak_tasks, ++live_);
  NoteChange(task);
  Mix(task->path_hash);
  if constexpr (kTsan) {
    DestroySanitizerStack(task->fiber.sanitizer);
    CreateSanitizerStack(task->fiber.sanitizer);
  }
  if (observer_ != nullptr) observer_->OnTask(*task, parent, site);
  decider_->OnTask(task, parent, paths_.back().ordinal);
  return task;
}

std::uint32_t Simulator::CommitSpawn(const TaskCode& code, std::string_view name,
                                     const Site& site) {
  BeginUntracked();
  SimTask* task = spawning_.back();
  spawning_.pop_back();
  StartTask(task, current_->id, code, name, site, __builtin_frame_address(0));
  MakeReady(task);
  After({.kind = OpKind::kGo, .preempts = false, .site = site}, outcome::kDone);
  return task->id;
}

void Simulator::SpawnFor(std::uint32_t owner, std::function<void()> f, std::string_view name,
                         const Site& site) {
  if (over_) return;
  SimTask* task = NewTask(false);
  using Callable = std::function<void()>;
  auto* callable =
      new (CodeMemory(task, sizeof(Callable), alignof(Callable))) Callable(std::move(f));
  const TaskCode code{callable, [](void* c) { (*static_cast<Callable*>(c))(); },
                      [](void* c) noexcept { static_cast<Callable*>(c)->~Callable(); }};
  StartTask(task, owner, code, name, site, nullptr);
  MakeReady(task);
}

void Simulator::RunBody(SimTask* task) {
  task->state = SimTask::State::kRunning;
  RunEnd failure = RunEnd::kClean;
  std::string message;
  if (!t_state.unwinding) {
    try {
      task->code.invoke(task->code.callable);
    } catch (const Unwind&) {
    } catch (const UsageError& error) {
      failure = RunEnd::kMisuse;
      message = error.what();
    } catch (const Panic& error) {
      failure = RunEnd::kPanic;
      message = error.what();
    } catch (const std::exception& error) {
      failure = RunEnd::kException;
      message = error.what();
    } catch (...) {  // Whatever it is, it left the task: reported as such.
      failure = RunEnd::kException;
      message = "an exception that is no std::exception";
    }
  }
  if (failure != RunEnd::kClean) {         // The host takes over, and comes back for the rest.
    if (result_.end != RunEnd::kMisuse) {  // A misuse is told whatever the body makes of it.
      result_.end = failure;
      result_.failed_task = task->id;
      result_.message = std::move(message);
    }
    over_ = true;
    task->frame = nullptr;  // Its stack is gone with the exception.
    JumpToHost();
  }
  // Destructors of captures are the task's own code: they may act. One that parks is left by its
  // unwinding.
  try {
    task->code.destroy(task->code.callable);
  } catch (const Unwind&) {
  }
}

void Simulator::Unlive(SimTask* task) {
  (task->live_prev != nullptr ? task->live_prev->live_next : live_first_) = task->live_next;
  (task->live_next != nullptr ? task->live_next->live_prev : live_last_) = task->live_prev;
  --live_;
  taskleak_v1_task_begin_write(task->record);
  task->record->id = 0;
  taskleak_v1_task_end_write(task->record);
}

void Simulator::EndTask(SimTask* task) {
  BeginUntracked();
  FreeCode(task);
  task->state = SimTask::State::kEnded;
  Unlive(task);
  Recycle(task);
  OrderRelease(this);  // For the host, when the run is over.
  if (over_) return SwitchToHost();
  if (observer_ != nullptr) observer_->OnEnd(*task);
  Mix(task->path_hash * 3);
  if (task == root_) {
    root_returned_ = true;
    root_returned_step_ = steps;
    root_returned_at_ = now_;
    root_ = nullptr;
    NoteChange(nullptr);
  } else {
    NoteChange(task);
  }
  turns_ = 0;
  SimTask* next = NextTask();
  if (next == nullptr) return SwitchToHost();
  // A timer's function may have been given this very fiber, which is then entered anew by
  // returning.
  if (next == task) return Enter(task);
  SwitchTo(next);
}

// The task's memory may serve the next task. Root's is its own (invariant 4). TSan knows nothing of
// stacks: what two tasks of one run do at the same place of one would look like a race of theirs,
// so there a stack serves again in the next run only; and in place of many more than that, ordered.
void Simulator::Recycle(SimTask* task) {
  constexpr std::size_t kMostSpent = 4096;
  if (task == root_task_) return;
  if constexpr (kTsan) {
    SimTask* before =
        std::exchange(just_ended_, task);  // We may still stand on the stack of `task`.
    if (before == nullptr) return;
    DestroySanitizerStack(before->fiber.sanitizer);
    if (spent_.size() < kMostSpent) return spent_.push_back(before);
    task = before;
  }
  free_tasks_.push_back(task);
}

void Simulator::Enter(SimTask* task) {
  current_ = task;
  anchor_ = task;
  task->slice = 0;
  t_state.task = task;
}

[[gnu::noinline]] void Simulator::SwitchTo(SimTask* next) {
  SimTask* self = current_;
  if (StackPool::RanOver(self->fiber.stack)) {
    over_ = true;
    char name[128];
    DescribeTask(self->id, *self->record, name, sizeof(name));
    result_.message = std::string(name) + " overflowed its stack of " +
                      std::to_string(self->fiber.stack.size() >> 10) +
                      " KiB; give tasks larger ones with ExploreOptions::stack_size";
    result_.failed_task = self->id;
    result_.end = RunEnd::kMisuse;
    return SwitchToHost();
  }
  Enter(next);
  if (next->fiber.context == nullptr) MakeFiber(next);
  Jump(self->fiber, next->fiber, globals_);
  if (t_state.unwinding && self->state != SimTask::State::kNew) ThrowUnwind();
}

[[gnu::noinline]] void Simulator::JumpToHost() {
  SimTask* self = current_;
  Jump(self->fiber, host_, globals_);
}

void Simulator::SwitchToHost() {
  const SimTask* self = current_;
  JumpToHost();
  // Either this fiber serves a new task, or its task is to be unwound from here.
  if (t_state.unwinding && self->state != SimTask::State::kNew) ThrowUnwind();
}

void Simulator::GiveUp(SimTask* task) {
  ExcuseHeapOf(task->fiber.sanitizer, task->fiber.stack.low, task->fiber.stack.high);
  ExcuseHeapOf(task->fiber.sanitizer, globals_, globals_ + 1);
  ++result_.abandoned;
  FreeCode(task);
  task->state = SimTask::State::kEnded;
  task->fiber.context = nullptr;
  task->fiber.exceptions = {};
  task->fiber.sanitizer.fake_stack = nullptr;
  Unlive(task);
  {
    const OnBehalfOf it(task->fiber.sanitizer);
    OrderRelease(this);
  }
  Recycle(task);
}

void Simulator::Abandon() {
  NoteLastState(current_->fiber.sanitizer);
  GiveUp(current_);
  JumpAway(host_, globals_);
}

void Simulator::OnUnwindingOperation() {
  if (current_ != nullptr && ++current_->unwind_ops > kUnwindOperations) Abandon();
}

void Simulator::CaptureStack(std::uintptr_t* pcs, std::size_t max) {
  const void* frame = __builtin_frame_address(0);
  const std::size_t count =
      CaptureFrames(frame, nullptr, reinterpret_cast<std::uintptr_t>(frame),
                    reinterpret_cast<std::uintptr_t>(current_->fiber.stack.high), pcs, max);
  std::fill(pcs + count, pcs + max, 0);
}

void Simulator::SetName(std::string_view name) {
  const Untracked ours;
  taskleak_v1_task* record = current_->record;
  taskleak_v1_task_begin_write(record);
  CopyText(record->name, sizeof(record->name), name);
  taskleak_v1_task_end_write(record);
}

void Simulator::SetLabel(std::string_view key, std::string_view value) {
  const Untracked ours;
  taskleak_v1_task* record = current_->record;
  std::string labels(record->labels);
  if (!labels.empty()) labels += ';';
  labels.append(key).append("=").append(value);
  taskleak_v1_task_begin_write(record);
  CopyText(record->labels, sizeof(record->labels), labels);
  taskleak_v1_task_end_write(record);
}

void Simulator::NoteMisuse(const char* sentence) {
  if (over_ || result_.end == RunEnd::kMisuse) return;
  result_.end = RunEnd::kMisuse;
  result_.message = sentence;
  if (current_ != nullptr) result_.failed_task = current_->id;
}

void Simulator::NotePanic(const Site& /*site*/) { CaptureStack(panic_frames_, kPanicFrames); }

}  // namespace taskleak::internal
