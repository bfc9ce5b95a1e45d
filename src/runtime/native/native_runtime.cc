// The native runtime, part one: operations, parking, time, objects. Part two, the life of a task,
// is native_spawn.cc.
#include "src/runtime/native/native_runtime.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "src/runtime/native/alarm_clock.h"
#include "src/runtime/sanitizer.h"
#include "src/stack/capture.h"

namespace taskleak::internal {
namespace {

// How often a parked task looks whether it was woken before it goes to sleep. A hand-over between
// two threads that both run takes a fraction of a microsecond; a sleep and a wake take several. The
// limit halves whenever looking was in vain, so that those who wait long do not look at all.
constexpr std::uint32_t kMostSpins = 256;

void CopyText(char* out, std::size_t size, std::string_view text) {
  const std::size_t length = std::min(text.size(), size - 1);
  std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

// xorshift64 (Marsaglia, 2003).
std::uint64_t Random(std::uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

}  // namespace

void NativeRuntime::Before(const Operation& op) {
  NativeTask* self = Self();
  Enter(self);
  ++steps;
  self->operation = &op;
}

void NativeRuntime::After(const Operation& op, std::uint32_t /*outcome*/) {
  NativeTask* self = Self();
  self->operation = nullptr;
  self->last_kind = op.kind;
  self->last_site.Set(op.site);
  Leave(self);
}

void NativeRuntime::GiveUp(NativeTask* self) {
  if (self->to_wake.empty() && self->doomed.empty()) [[likely]]
    return lock_.Release();
  const auto doomed = std::exchange(self->doomed, {});
  lock_.Release();
  for (NativeTask* task : self->to_wake) FutexWake(task->wake);
  self->to_wake.clear();
  for (const auto& [what, destroy] : doomed) destroy(what);
}

void NativeRuntime::BeginUnwinding() {
  OrderAcquire(this);
  t_state.unwinding = true;
  throw Unwind{};
}

void NativeRuntime::Park(const Operation& op) {
  NativeTask* self = Self();
  self->operation = &op;  // An operation within this one may have come and gone.
  if (self->unwind) BeginUnwinding();
  if (self->wake.exchange(NativeTask::kNotWoken, std::memory_order_relaxed) == NativeTask::kWoken)
    return;
  self->frame = __builtin_frame_address(0);
  self->last_kind = op.kind;
  self->last_site.Set(op.site);
  self->blocked_since = Now();
  taskleak_v1_task* record = self->record;
  taskleak_v1_task_begin_write(record);
  record->state = op.kind == OpKind::kSleep ? taskleak_v1_sleeping : taskleak_v1_blocked;
  record->operation = static_cast<std::uint8_t>(op.kind);
  record->object = op.object != nullptr ? op.object->number : 0;
  record->object_kind = op.object != nullptr ? static_cast<std::uint8_t>(op.object->kind) : 0;
  record->since = self->blocked_since;
  record->blocked_file = op.site.file;
  record->blocked_line = op.site.line;
  taskleak_v1_task_end_write(record);
  self->parked = true;
  if (self->started_by_go && --running_ == 0) OnQuiet();
  const std::uint32_t depth = std::exchange(self->depth, 0);
  OrderRelease(this);  // For a test's host.
  GiveUp(self);

  const std::uint32_t spins = self->spins;
  std::uint32_t spun = 0;
  while (spun < spins && self->wake.load(std::memory_order_relaxed) != NativeTask::kWoken) {
    SpinPause();
    ++spun;
  }
  self->spins = spun < spins ? kMostSpins : std::max<std::uint32_t>(spins / 2, 8);
  std::uint32_t seen = NativeTask::kNotWoken;
  if (self->wake.compare_exchange_strong(seen, NativeTask::kAsleep, std::memory_order_acquire))
    while (self->wake.load(std::memory_order_acquire) != NativeTask::kWoken)
      FutexWait(self->wake, NativeTask::kAsleep);

  lock_.Acquire();
  self->depth = depth;
  OrderAcquire(&timers_);  // A test's host, which fires them when nothing runs.
  self->wake.store(NativeTask::kNotWoken, std::memory_order_relaxed);
  self->frame = nullptr;
  if (self->unwind) BeginUnwinding();
}

void NativeRuntime::Unpark(Task* task) {
  auto* woken = static_cast<NativeTask*>(task);
  if (!woken->parked) {
    woken->wake.store(NativeTask::kWoken, std::memory_order_relaxed);
    return;
  }
  woken->parked = false;
  if (woken->started_by_go) ++running_;
  taskleak_v1_task* record = woken->record;
  taskleak_v1_task_begin_write(record);
  record->state = taskleak_v1_runnable;
  record->since = Now();
  taskleak_v1_task_end_write(record);
  if (woken->wake.exchange(NativeTask::kWoken, std::memory_order_acq_rel) == NativeTask::kAsleep)
    Self()->to_wake.push_back(woken);
}

void NativeRuntime::Yield(const Operation& /*op*/) {
  NativeTask* self = Self();
  const std::uint32_t depth = std::exchange(self->depth, 0);
  GiveUp(self);
  sched_yield();
  lock_.Acquire();
  self->depth = depth;
}

void NativeRuntime::BeginExclusive() { Enter(Self()); }
void NativeRuntime::EndExclusive() noexcept { Leave(Self()); }

void NativeRuntime::Dispose(void* what, void (*destroy)(void*) noexcept) noexcept {
  NativeTask* self = Self();
  if (self->depth == 0) return destroy(what);
  self->doomed.emplace_back(what, destroy);
}

std::int64_t NativeRuntime::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void NativeRuntime::Arm(TimerNode* timer, std::int64_t when) {
  const Exclusive exclusive(this);
  OrderRelease(timer);
  timer->when = when;
  timers_.Push(timer);
  if (timers_.next() == timer) OnEarlierTimer();
}

void NativeRuntime::Disarm(TimerNode* timer) {
  const Exclusive exclusive(this);
  if (timer->armed()) timers_.Remove(timer);
}

void NativeRuntime::AdoptTimer(TimerNode* timer) {
  timer->owner = Self()->id;
  timer->ordinal = Self()->next_timer++;
}

void NativeRuntime::OnEarlierTimer() { AlarmClock::Get().Wake(); }

void NativeRuntime::FireNext() {
  TimerNode* timer = timers_.next();
  timers_.Remove(timer);
  OrderAcquire(timer);
  timer->Fire();
}

std::int64_t NativeRuntime::FireDue(std::int64_t now) {
  while (!timers_.empty() && timers_.next()->when <= now) FireNext();
  return timers_.empty() ? INT64_MAX : timers_.next()->when;
}

std::uint32_t NativeRuntime::DecideCase(const Operation& /*op*/,
                                        std::span<const std::uint32_t> ready) {
  return ready[Random(Self()->random) % ready.size()];
}

void NativeRuntime::Adopt(Object* object) {
  const Exclusive exclusive(this);
  object->refs_.Share();
  object->run = run_;
  object->number = ++object_numbers_[static_cast<std::size_t>(object->kind)];
  object->maker = Self()->id;
  object->last_step = steps;
  object->prev = object_last_;
  object->next = nullptr;
  (object_last_ != nullptr ? object_last_->next : object_first_) = object;
  object_last_ = object;
  object->listed = true;
}

void ForgetNatively(Object* object) noexcept { NativeRuntime::Process().Forget(object); }

void NativeRuntime::Forget(Object* object) noexcept {
  const bool holds_lock = t_state.runtime == this && Self()->depth > 0;
  if (!holds_lock) lock_.Acquire();
  if (object->listed) {
    object->listed = false;
    (object->prev != nullptr ? object->prev->next : object_first_) = object->next;
    (object->next != nullptr ? object->next->prev : object_last_) = object->prev;
  }
  if (!holds_lock) lock_.Release();
}

void NativeRuntime::CaptureStack(std::uintptr_t* pcs, std::size_t max) {
  const void* frame = __builtin_frame_address(0);
  const std::size_t count = CaptureFrames(frame, nullptr, reinterpret_cast<std::uintptr_t>(frame),
                                          Self()->stack_high, pcs, max);
  std::fill(pcs + count, pcs + max, 0);
}

void NativeRuntime::SetName(std::string_view name) {
  const Exclusive exclusive(this);
  taskleak_v1_task* record = Self()->record;
  taskleak_v1_task_begin_write(record);
  CopyText(record->name, sizeof(record->name), name);
  taskleak_v1_task_end_write(record);
}

void NativeRuntime::SetLabel(std::string_view key, std::string_view value) {
  const Exclusive exclusive(this);
  taskleak_v1_task* record = Self()->record;
  std::string labels(record->labels);
  if (!labels.empty()) labels += ';';
  labels.append(key).append("=").append(value);
  taskleak_v1_task_begin_write(record);
  CopyText(record->labels, sizeof(record->labels), labels);
  taskleak_v1_task_end_write(record);
}

}  // namespace taskleak::internal
