// The simulator, part three: one run from its root task to the last fiber unwound.
#include <exception>
#include <mutex>
#include <utility>

#include "src/runtime/sim/overflow.h"
#include "src/runtime/sim/simulator.h"
#include "src/runtime/sim/watchdog.h"
#include "src/stack/capture.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

std::terminate_handler g_previous_terminate = nullptr;

}  // namespace

Simulator::Simulator(const SimulatorOptions& options)
    : Runtime(true),
      simulator_options_(options),
      stacks_(options.stack_size),
      root_stacks_(options.root_stack_size, 1) {
  log_.reserve(1024);
  paths_.reserve(64);
}

Simulator::~Simulator() {
  for (const auto& task : all_tasks_) {
    DestroySanitizerStack(task->fiber.sanitizer);
    taskleak_v1_task_release(task->record);
  }
}

Simulator* Simulator::Current() {
  return t_state.runtime != nullptr && t_state.runtime->simulated
             ? static_cast<Simulator*>(t_state.runtime)
             : nullptr;
}

void Simulator::OnTerminate() {
  if (Simulator* simulator = Current(); simulator != nullptr && t_state.unwinding)
    simulator->Abandon();
  g_previous_terminate();
}

void Simulator::Reset() {
  run_ = NextRun();
  result_ = {};
  current_ = anchor_ = root_ = nullptr;
  root_returned_ = over_ = canonical_only_ = false;
  now_ = 0;
  hash_ = 0;
  steps = 0;
  step_gate_ = std::min<std::uint64_t>(4096, options_.max_steps);
  turns_ = 0;
  live_ = 0;
  log_.clear();
  paths_.clear();
  std::fill(std::begin(object_numbers_), std::end(object_numbers_), 0);
  change_step_ = copies_noted_step_ = root_returned_step_ = endless_since_ = 0;
  root_returned_at_ = 0;
  changer_ = nullptr;
  panic_frames_[0] = 0;
}

RunResult Simulator::Run(const std::function<void()>& body, Decider& decider,
                         const RunOptions& options, Observer* observer,
                         const std::function<void(const RunResult&)>& at_end) {
  if (InRun()) {
    constexpr const char* kNested =
        "a simulation was started inside a simulation; call Explore or Replay outside the body, "
        "which is itself run under "
        "many schedules";
    t_state.runtime->NoteMisuse(kNested);
    throw UsageError(kNested);
  }
  options_ = options;
  decider_ = &decider;
  observer_ = observer;
  Reset();
  timers_.SetIndexed(decider.finds_timers);
  globals_ = ThreadExceptionGlobals();
  AdoptHostStack(host_.sanitizer);
  CreateSanitizerStack(nobody_);
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  ThreadStackBounds(&low, &high);
  host_.stack = {reinterpret_cast<std::byte*>(low), reinterpret_cast<std::byte*>(high), true};
  HandleOverflowOnThisThread();
  g_previous_terminate = std::set_terminate(&Simulator::OnTerminate);
  const ThreadState outside = std::exchange(t_state, {this, nullptr, run_, false});
  Watchdog::Enter(this);

  SimTask* root = NewTask(true);
  root_ = root;
  using Body = const std::function<void()>*;
  void* callable = new (CodeMemory(root, sizeof(Body), alignof(Body))) Body(&body);
  const TaskCode code{callable,
                      [](void* c) {
                        const Body run = *static_cast<Body*>(c);
                        (*run)();
                      },
                      [](void*) noexcept {}};
  StartTask(root, 0, code, "root", Site(), nullptr);
  anchor_ = root;
  Enter(root);
  if (root->fiber.context == nullptr) MakeFiber(root);
  Jump(host_, root->fiber, globals_);

  JudgeEnd();
  if constexpr (kTsan) OrderTasksBeforeHost();
  if (observer_ != nullptr) observer_->OnRunEnd(result_);
  observer_ = nullptr;  // What follows is no part of the run.
  if (at_end) at_end(result_);
  over_ = true;
  UnwindAll();
  Clear();
  if constexpr (kTsan) ReuseSpent();
  Watchdog::Leave();
  t_state = outside;
  std::set_terminate(g_previous_terminate);
  progress_.fetch_add(1, std::memory_order_relaxed);
  return std::move(result_);
}

// The host has taken over: either a task ended the run, or nothing can run and no timer is left.
void Simulator::JudgeEnd() {
  current_ = nullptr;
  t_state.task = nullptr;
  result_.trace_hash = hash_;
  result_.steps = steps;
  result_.tasks = static_cast<std::uint32_t>(paths_.size());
  result_.time = now_;
  if (over_ || result_.end == RunEnd::kMisuse) return;
  if (!root_returned_)
    result_.end = RunEnd::kDeadlock;
  else if (live_ > 0)
    result_.end = RunEnd::kLeak;
  else
    result_.recovery = now_ - root_returned_at_;
}

// Each remaining task is resumed with an exception and runs to its end before the next one is.
void Simulator::UnwindAll() {
  t_state.unwinding = true;
  ready_.Clear();
  held_.clear();
  while (live_first_ != nullptr) {
    SimTask* task = live_first_;
    Enter(task);
    if (options_.abandon) {
      GiveUp(task);
      continue;
    }
    if (task->fiber.context == nullptr) MakeFiber(task);
    progress_.fetch_add(1, std::memory_order_relaxed);
    // One after the other: their destructors no longer lock anything.
    OrderRelease(&host_);
    {
      const OnBehalfOf it(task->fiber.sanitizer);
      OrderAcquire(&host_);
    }
    Jump(host_, task->fiber, globals_);
    OrderAcquire(this);
  }
  current_ = nullptr;
  t_state.task = nullptr;
}

// For TSan: the caller of Run comes after all that was done in the run.
void Simulator::OrderTasksBeforeHost() {
  for (SimTask* task = live_first_; task != nullptr; task = task->live_next) {
    const OnBehalfOf it(task->fiber.sanitizer);
    OrderRelease(this);
  }
  OrderAcquire(this);
}

// Under TSan, at the end of a run: what follows comes after it.
void Simulator::ReuseSpent() {
  if (just_ended_ != nullptr) spent_.push_back(std::exchange(just_ended_, nullptr));
  free_tasks_.insert(free_tasks_.end(), spent_.begin(), spent_.end());
  spent_.clear();
  DestroySanitizerStack(nobody_);
}

// What the run's objects, timers and faults still hold goes; then nobody knows the run any more.
void Simulator::Clear() {
  for (TimerNode* timer : timers_.all()) timer->position = 0;
  for (TimerNode* timer : std::vector<TimerNode*>(timers_.all())) timer->Drop();
  timers_.Clear();
  for (Fault* fault : faults_) delete fault;
  faults_.clear();
  while (object_first_ != nullptr) {
    Object* object = object_first_;
    object->AddRef();
    object->Sever();
    if (object_first_ == object) Forget(object);  // Still alive: a handle outlived the run.
    object->Release();
  }
  t_state.unwinding = false;
}

void Simulator::Adopt(Object* object) {
  SimTask* maker = current_;
  object->run = run_;
  object->number = ++object_numbers_[static_cast<std::size_t>(object->kind)];
  object->maker = maker->id;
  object->ordinal = maker->next_object++;
  object->name_hash = (maker->path_hash + object->ordinal) * 0xc4ceb9fe1a85ec53ULL;
  object->last_step = steps;
  object->prev = object_last_;
  object->next = nullptr;
  (object_last_ != nullptr ? object_last_->next : object_first_) = object;
  object_last_ = object;
  object->listed = true;
}

void Simulator::Forget(Object* object) noexcept {
  if (!object->listed) return;
  object->listed = false;
  (object->prev != nullptr ? object->prev->next : object_first_) = object->next;
  (object->next != nullptr ? object->next->prev : object_last_) = object->prev;
}

}  // namespace taskleak::internal
