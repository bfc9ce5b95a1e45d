// The seam's few functions that are no runtime's own: what the calling thread runs, and how wrong
// uses are refused.
#include <atomic>
#include <string>

#include "src/runtime/sanitizer.h"
#include "taskleak/chan.h"
#include "taskleak/error.h"
#include "taskleak/internal/runtime.h"
#include "taskleak/internal/sync_core.h"
#include "taskleak/task.h"

namespace taskleak {
namespace internal {

constinit thread_local ThreadState t_state;

std::uint64_t NextRun() noexcept {
  static std::atomic<std::uint64_t> next{kNativeRun + 1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

const char* OpName(OpKind kind) noexcept {
  static constexpr const char* kNames[] = {"nothing",
                                           "go",
                                           "yield",
                                           "preemption point",
                                           "atomic access",
                                           "chan send",
                                           "chan recv",
                                           "chan try send",
                                           "chan try recv",
                                           "chan close",
                                           "chan len",
                                           "select",
                                           "lock",
                                           "try lock",
                                           "unlock",
                                           "rlock",
                                           "try rlock",
                                           "runlock",
                                           "waitgroup add",
                                           "waitgroup done",
                                           "waitgroup wait",
                                           "cond wait",
                                           "cond signal",
                                           "cond broadcast",
                                           "once",
                                           "semaphore acquire",
                                           "semaphore release",
                                           "errgroup go",
                                           "context err",
                                           "cancel",
                                           "stop afterfunc",
                                           "sleep",
                                           "now",
                                           "new timer",
                                           "timer stop",
                                           "timer reset",
                                           "early return",
                                           "fuzz data"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(OpKind::kCount));
  return kNames[static_cast<std::size_t>(kind)];
}

const char* ObjectKindName(ObjectKind kind) noexcept {
  static constexpr const char* kNames[] = {"channel",    "context", "mutex", "rwmutex",
                                           "wait group", "cond",    "once",  "semaphore"};
  return kNames[static_cast<std::size_t>(kind)];
}

Object::Object(ObjectKind kind, const Site& made_at) : kind(kind), made_at(made_at) {
  CurrentRuntime()->Adopt(this);
}

WithMaker::WithMaker() { t_state.runtime->CaptureStack(made_stack, kMadeFrames); }

Object::~Object() { LeaveList(); }  // It is in the list yet if a constructor threw.

// The last handle may be dropped on a thread that no runtime knows, or within another run; a run
// that is over has forgotten its objects.
void Object::LeaveList() noexcept {
  if (!listed) return;
  if (run == kNativeRun)
    ForgetNatively(this);
  else if (t_state.run == run)
    t_state.runtime->Forget(this);
}

#if TASKLEAK_TSAN
// Before the count goes down: the last one acquires what all have released.
void OrderDrop(const void* count, std::uint32_t references) noexcept {
  OrderRelease(count);
  if (references == 1) OrderAcquire(count);
}
#endif

void Object::Dispose() noexcept {
  LeaveList();
  const auto destroy = [](void* object) noexcept { static_cast<Object*>(object)->Destroy(); };
  if (refs_.shared() && t_state.runtime != nullptr)
    t_state.runtime->Dispose(this, destroy);
  else
    destroy(this);
}

namespace {

std::string At(const Site& site) {
  return site ? " (" + std::string(site.file) + ":" + std::to_string(site.line) + ")"
              : std::string();
}

[[noreturn]] void Refuse(const std::string& sentence) {
  if (t_state.runtime != nullptr) t_state.runtime->NoteMisuse(sentence.c_str());
  throw UsageError(sentence);
}

}  // namespace

Runtime* EnterSlowly(const Object* object, OpKind kind, const Site& site) {
  if (object == nullptr)
    Refuse(std::string(OpName(kind)) + At(site) +
           ": the object was made while its task was being unwound, and cannot be used");
  CurrentRuntime();
  if (t_state.run != object->run)
    RefuseForeignUse(ObjectKindName(object->kind), object->made_at, object->run, kind, site);
  return t_state.runtime;
}

void RefuseForeignUse(const char* what, const Site& made_at, std::uint64_t run, OpKind kind,
                      const Site& site) {
  const std::string operation = std::string(OpName(kind)) + At(site);
  const std::string name = std::string("the ") + what + " made" + At(made_at);
  if (!InRun())
    Refuse(operation + ": " + name +
           " belongs to a run of the simulator, and this thread is not one of its tasks; start the "
           "work with "
           "taskleak::Go, or use the object only inside the body");
  Refuse(operation + ": " + name +
         (run == kNativeRun ? " belongs to no run" : " belongs to an earlier run") +
         "; make it inside the body, which is run anew for every schedule");
}

void ThrowClosed(const char* sentence, const Site& site) {
  t_state.runtime->NotePanic(site);
  throw ClosedChannelError(sentence);
}

void ThrowPanic(const char* sentence, const Site& site) {
  if (t_state.runtime != nullptr) t_state.runtime->NotePanic(site);
  throw Panic(sentence);
}

void BlockForEver(OpKind kind, const Site& site) {
  Runtime* runtime = CurrentRuntime();
  static constexpr CaseView kNoObject = {nullptr, false};
  const Operation op{.kind = kind,
                     .case_count = static_cast<std::uint16_t>(kind == OpKind::kSelect ? 0 : 1),
                     .site = site,
                     .cases = &kNoObject};
  runtime->Before(op);
  for (;;) runtime->Park(op);  // Nothing unparks it: it leaves by being unwound.
}

void PanicOnNilClose(const Site& site) { ThrowPanic("close of nil channel", site); }

namespace {

void Point(OpKind kind, const Site& site) {
  if (Unwinding() || !InRun()) return;
  const Operation op{.kind = kind, .site = site};
  t_state.runtime->Before(op);
  t_state.runtime->After(op, outcome::kDone);
}

}  // namespace

void AtomicPoint(const Site& site) { Point(OpKind::kAtomic, site); }

}  // namespace internal

TaskId CurrentTask() noexcept {
  return internal::t_state.task == nullptr ? 0 : internal::t_state.task->id;
}

void SetTaskName(std::string_view name) {
  if (!internal::Unwinding()) internal::CurrentRuntime()->SetName(name);
}

void SetTaskLabel(std::string_view key, std::string_view value) {
  if (!internal::Unwinding()) internal::CurrentRuntime()->SetLabel(key, value);
}

void PreemptionPoint(const Site& site) {
  internal::Point(internal::OpKind::kPreemptionPoint, site);
}

void Yield(const Site& site) {
  if (internal::Unwinding()) return;
  internal::Runtime* runtime = internal::CurrentRuntime();
  const internal::Operation op{.kind = internal::OpKind::kYield, .preempts = false, .site = site};
  runtime->Before(op);
  runtime->Yield(op);
  runtime->After(op, internal::outcome::kDone);
}

}  // namespace taskleak
