#include "taskleak/context.h"

#include <algorithm>
#include <utility>

#include "src/runtime/sanitizer.h"
#include "taskleak/error.h"
#include "taskleak/internal/context_core.h"
#include "taskleak/internal/timer_core.h"

namespace taskleak {
namespace internal {

ContextCore::ContextCore(ContextCore* parent, const Site& site)
    : Object(ObjectKind::kContext, site),
      parent_(parent),
      ends_(parent == nullptr ? nullptr : parent->ends()),
      deadline_(parent == nullptr ? INT64_MAX : parent->deadline_) {}

Ref<ContextCore> ContextCore::MakeCancel(ContextCore* parent, const Site& site) {
  Ref<ContextCore> core;
  const Exclusive exclusive(t_state.runtime);
  core = Ref<ContextCore>(new ContextCore(parent, site));
  ChanCore* done = ChanCore::Make(kElementOps<Unit>, 0, site);
  core->own_done_ = Ref<ChanCore>(done);
  done->context = core->number;
  done->Release();
  ContextCore* ancestor = core->ends_.get();
  if (ancestor == nullptr) return core;
  t_state.runtime->Touch(*ancestor);
  if (ancestor->error_ != Error::kNone) {
    OrderAcquire(ancestor->own_done_.get());
    core->End(t_state.runtime, ancestor->error_, ancestor->cause_);
    return core;
  }
  core->AddRef();
  core->registered_with_ = ancestor;
  core->next_sibling_ = ancestor->first_child_;
  if (ancestor->first_child_ != nullptr) ancestor->first_child_->prev_sibling_ = core.get();
  ancestor->first_child_ = core.get();
  return core;
}

Ref<ContextCore> ContextCore::MakeValue(ContextCore* parent, const void* key,
                                        std::shared_ptr<const void> value, bool cuts_cancel,
                                        const Site& site) {
  Ref<ContextCore> core;
  const Exclusive exclusive(t_state.runtime);
  core = Ref<ContextCore>(new ContextCore(parent, site));
  core->key_ = key;
  core->value_ = std::move(value);
  if (cuts_cancel) {
    core->ends_ = {};
    core->deadline_ = INT64_MAX;
  }
  return core;
}

void ContextCore::SetDeadline(Runtime* runtime, std::int64_t when) {
  const Exclusive exclusive(runtime);
  if (error_ != Error::kNone || when >= deadline_) return;  // The parent's ends it first.
  deadline_ = when;
  if (when <= runtime->Now()) return End(runtime, Error::kDeadlineExceeded, nullptr);
  runtime->AdoptTimer(this);
  AddRef();
  runtime->Arm(this, when);
}

void ContextCore::LeaveParent() {
  if (registered_with_ == nullptr) return;
  if (next_sibling_ != nullptr) next_sibling_->prev_sibling_ = prev_sibling_;
  (prev_sibling_ != nullptr ? prev_sibling_->next_sibling_ : registered_with_->first_child_) =
      next_sibling_;
  registered_with_ = nullptr;
  Release();
}

void ContextCore::End(Runtime* runtime, Error error, const std::exception_ptr& cause) {
  if (error_ != Error::kNone) return;
  const internal::Ref<ContextCore> keep(this);
  OrderAcquire(this);
  runtime->Touch(*this);
  runtime->Touch(*own_done_);
  error_ = error;
  cause_ = cause;
  if (armed()) {  // Before the children end: Disarm may ask what firing would have touched.
    runtime->Disarm(this);
    Release();
  }
  if (!own_done_->closed()) own_done_->CloseQuietly(runtime);
  own_done_->last_step = runtime->steps;
  while (first_child_ != nullptr)
    first_child_->End(runtime, error, cause_);  // Each leaves the list.
  LeaveParent();
  for (Function& function : std::exchange(functions_, {}))
    runtime->SpawnFor(function.owner, std::move(function.f), "context.AfterFunc", function.site);
}

void ContextCore::TouchAll(Runtime& runtime) const {
  runtime.Touch(*this);
  runtime.Touch(*own_done_);
  for (const ContextCore* child = first_child_; child != nullptr; child = child->next_sibling_)
    child->TouchAll(runtime);
}

void ContextCore::Fire() {
  End(t_state.runtime, Error::kDeadlineExceeded, nullptr);
  Release();  // The queue's reference; the queue has let go before it calls.
}

std::uint64_t ContextCore::AddFunction(Runtime* runtime, std::function<void()> f,
                                       const Site& site) {
  const Exclusive exclusive(runtime);
  OrderRelease(this);
  runtime->Touch(*this);
  if (error_ != Error::kNone) {
    OrderAcquire(own_done_.get());
    runtime->SpawnFor(t_state.task->id, std::move(f), "context.AfterFunc", site);
    return 0;
  }
  functions_.push_back({next_function_, t_state.task->id, std::move(f), site});
  return next_function_++;
}

std::function<void()> ContextCore::RemoveFunction(std::uint64_t id) {
  const auto found = std::find_if(functions_.begin(), functions_.end(),
                                  [id](const Function& f) { return f.id == id; });
  if (found == functions_.end()) return nullptr;
  std::function<void()> f = std::move(found->f);
  functions_.erase(found);
  return f;
}

const void* ContextCore::Lookup(const void* key) const {
  for (const ContextCore* node = this; node != nullptr; node = node->parent_.get())
    if (node->key_ == key) return node->value_.get();
  return nullptr;
}

void ContextCore::Sever() {
  functions_.clear();
  LeaveParent();
}

Context NewValueContext(const Context& parent, const void* key, std::shared_ptr<const void> value,
                        const Site& site) {
  CurrentRuntime();
  if (parent.core()) Enter(parent.core().get(), OpKind::kNone, site);
  return Context(ContextCore::MakeValue(parent.core().get(), key, std::move(value), false, site));
}

StopFunc NewContextFunc(const Context& context, std::function<void()> f, const Site& site) {
  Runtime* runtime = CurrentRuntime();
  ContextCore* core = context.core() ? context.core()->ends() : nullptr;
  if (core == nullptr) return StopFunc();  // Background never ends.
  Enter(core, OpKind::kContextErr, site);
  const std::uint64_t id = core->AddFunction(runtime, std::move(f), site);
  return StopFunc(Ref<ContextCore>(core), id);
}

namespace {

// By value: the handle may die while the task is preempted.
void Cancel(Ref<ContextCore> core, const std::exception_ptr& cause, const Site& site) {
  Runtime* runtime = Enter(core.get(), OpKind::kCancel, site);
  const Operation op{.kind = OpKind::kCancel, .site = site, .object = core.get()};
  runtime->Before(op);
  core->End(runtime, ContextCore::Error::kCanceled, cause);
  core->Used(End::kFeeds, t_state.task->id, site, runtime->steps);
  runtime->After(op, outcome::kDone);
}

}  // namespace
}  // namespace internal

using internal::ContextCore;

namespace {

// A context of another run is refused as a parent, too.
void CheckParent(const Context& parent, const Site& site) {
  if (parent.core()) internal::Enter(parent.core().get(), internal::OpKind::kNone, site);
}

}  // namespace

const char* ToString(ContextError error) {
  switch (error) {
    case ContextError::kNone:
      return "no error";
    case ContextError::kCanceled:
      return "context canceled";
    case ContextError::kDeadlineExceeded:
      return "context deadline exceeded";
  }
  return "unknown";
}

RecvChan<Unit> Context::Done() const {
  if (internal::Unwinding() || !core_ || core_->ends() == nullptr) return {};
  return RecvChan<Unit>(core_->ends()->done());
}

ContextError Context::Err(const Site& site) const {
  if (internal::Unwinding() || !core_) return ContextError::kNone;
  const internal::Ref<ContextCore> core(core_->ends());
  if (!core) return ContextError::kNone;
  internal::Runtime* runtime = internal::Enter(core.get(), internal::OpKind::kContextErr, site);
  const internal::Operation op{
      .kind = internal::OpKind::kContextErr, .site = site, .object = core.get()};
  runtime->Before(op);
  const auto error = static_cast<ContextError>(core->error());
  if (error != ContextError::kNone) internal::OrderAcquire(core->done().get());
  runtime->After(op, static_cast<std::uint32_t>(error));
  return error;
}

std::optional<TimePoint> Context::Deadline() const {
  if (internal::Unwinding() || !core_ || core_->deadline() == INT64_MAX) return std::nullopt;
  return TimePoint(Duration(core_->deadline()));
}

const void* Context::Lookup(const void* key) const { return core_ ? core_->Lookup(key) : nullptr; }

void CancelFunc::operator()(const Site& site) const {
  if (internal::Unwinding() || !core_) return;
  internal::Cancel(core_, nullptr, site);
}

void CancelCauseFunc::operator()(std::exception_ptr cause, const Site& site) const {
  if (internal::Unwinding() || !core_) return;
  internal::Cancel(core_, cause, site);
}

bool StopFunc::operator()(const Site& site) const {
  if (internal::Unwinding() || !core_) return false;
  const internal::Ref<ContextCore> core = core_;
  const std::uint64_t id = id_;
  internal::Runtime* runtime = internal::Enter(core.get(), internal::OpKind::kStopAfterFunc, site);
  const internal::Operation op{
      .kind = internal::OpKind::kStopAfterFunc, .site = site, .object = core.get()};
  runtime->Before(op);
  const std::function<void()> stopped = core->RemoveFunction(id);
  runtime->After(op, stopped ? internal::outcome::kDone : internal::outcome::kNotReady);
  return stopped != nullptr;
}

Context Background() { return Context(); }

std::pair<Context, CancelCauseFunc> WithCancelCause(Context parent, const Site& site) {
  if (internal::Unwinding()) return {};
  internal::CurrentRuntime();
  CheckParent(parent, site);
  const auto core = ContextCore::MakeCancel(parent.core().get(), site);
  return {Context(core), CancelCauseFunc(core)};
}

std::pair<Context, CancelFunc> WithCancel(Context parent, const Site& site) {
  return WithCancelCause(std::move(parent), site);
}

std::pair<Context, CancelFunc> WithDeadline(Context parent, TimePoint deadline, const Site& site) {
  if (internal::Unwinding()) return {};
  internal::Runtime* runtime = internal::CurrentRuntime();
  CheckParent(parent, site);
  const auto core = ContextCore::MakeCancel(parent.core().get(), site);
  core->SetDeadline(runtime, deadline.time_since_epoch().count());
  return {Context(core), CancelFunc(core)};
}

std::pair<Context, CancelFunc> WithTimeout(Context parent, Duration timeout, const Site& site) {
  if (internal::Unwinding()) return {};
  internal::Runtime* runtime = internal::CurrentRuntime();
  const std::int64_t when = internal::SaturatingAdd(runtime->Now(), timeout.count());
  return WithDeadline(std::move(parent), TimePoint(Duration(when)), site);
}

Context WithoutCancel(Context parent, const Site& site) {
  if (internal::Unwinding()) return {};
  internal::CurrentRuntime();
  CheckParent(parent, site);
  return Context(ContextCore::MakeValue(parent.core().get(), nullptr, nullptr, true, site));
}

std::exception_ptr Cause(const Context& context) {
  const ContextError error = context.Err();
  if (error == ContextError::kNone) return nullptr;
  const std::exception_ptr& cause = context.core()->ends()->cause();
  return cause != nullptr ? cause : std::make_exception_ptr(ContextEnded(error));
}

}  // namespace taskleak
