// Go's context package: cancellation, deadlines and values that a call tree shares.
#ifndef TASKLEAK_CONTEXT_H_
#define TASKLEAK_CONTEXT_H_

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "taskleak/chan.h"
#include "taskleak/clock.h"
#include "taskleak/internal/context_core.h"
#include "taskleak/internal/select_core.h"
#include "taskleak/internal/spawn.h"
#include "taskleak/site.h"

namespace taskleak {

enum class ContextError { kNone, kCanceled, kDeadlineExceeded };

// "context canceled", as Go words it.
const char* ToString(ContextError error);

// A key for WithValue: its identity is its address, so it is usually a static constant.
template <class T>
class ContextKey {
 public:
  explicit ContextKey(std::string_view name = {}) : name_(name) {}
  ContextKey(const ContextKey&) = delete;
  ContextKey& operator=(const ContextKey&) = delete;
  std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

// A copyable value; a default-constructed one is Background().
class Context {
 public:
  Context() = default;
  explicit Context(internal::Ref<internal::ContextCore> core) : core_(std::move(core)) {}

  // Closed when the context ends. Nil, and so never ready, for Background().
  RecvChan<Unit> Done() const;
  ContextError Err(const Site& site = Site::Here()) const;
  std::optional<TimePoint> Deadline() const;
  // The value of the nearest WithValue with this key; null if there is none.
  template <class T>
  const T* Value(const ContextKey<T>& key) const {
    return internal::Unwinding() ? nullptr : static_cast<const T*>(Lookup(&key));
  }

  const internal::Ref<internal::ContextCore>& core() const { return core_; }

 private:
  const void* Lookup(const void* key) const;
  internal::Ref<internal::ContextCore> core_;
};

// Ends a context. Copyable; may be called again, from anywhere, to no effect.
class CancelFunc {
 public:
  CancelFunc() = default;
  explicit CancelFunc(internal::Ref<internal::ContextCore> core) : core_(std::move(core)) {}
  void operator()(const Site& site = Site::Here()) const;
  const internal::Ref<internal::ContextCore>& core() const { return core_; }

 private:
  internal::Ref<internal::ContextCore> core_;
};

// As CancelFunc, and says why; a null cause is the context's own error.
class CancelCauseFunc {
 public:
  CancelCauseFunc() = default;
  explicit CancelCauseFunc(internal::Ref<internal::ContextCore> core) : core_(std::move(core)) {}
  void operator()(std::exception_ptr cause, const Site& site = Site::Here()) const;
  // Without a cause.
  operator CancelFunc() const { return CancelFunc(core_); }  // NOLINT(google-explicit-constructor)

 private:
  internal::Ref<internal::ContextCore> core_;
};

// Keeps an AfterFunc from running; true if it did, false if the function had started or was stopped
// before.
class StopFunc {
 public:
  StopFunc() = default;
  explicit StopFunc(internal::Ref<internal::ContextCore> core, std::uint64_t id)
      : core_(std::move(core)), id_(id) {}
  bool operator()(const Site& site = Site::Here()) const;

 private:
  internal::Ref<internal::ContextCore> core_;
  std::uint64_t id_ = 0;
};

// The root of all contexts: never ends, carries nothing.
Context Background();

std::pair<Context, CancelFunc> WithCancel(Context parent, const Site& site = Site::Here());
std::pair<Context, CancelCauseFunc> WithCancelCause(Context parent,
                                                    const Site& site = Site::Here());
std::pair<Context, CancelFunc> WithTimeout(Context parent, Duration timeout,
                                           const Site& site = Site::Here());
std::pair<Context, CancelFunc> WithDeadline(Context parent, TimePoint deadline,
                                            const Site& site = Site::Here());
// A context with the parent's values that does not end with it.
Context WithoutCancel(Context parent, const Site& site = Site::Here());

// Why a context ended: the cause given, else an exception that says Err() in words; null while it
// lasts.
std::exception_ptr Cause(const Context& context);

// Why a context ended when no other cause was given.
class ContextEnded : public std::runtime_error {
 public:
  explicit ContextEnded(ContextError error) : std::runtime_error(ToString(error)), error_(error) {}
  ContextError error() const { return error_; }

 private:
  ContextError error_;
};

namespace internal {
Context NewValueContext(const Context& parent, const void* key, std::shared_ptr<const void> value,
                        const Site& site);
StopFunc NewContextFunc(const Context& context, std::function<void()> f, const Site& site);
}  // namespace internal

template <class T>
Context WithValue(Context parent, const ContextKey<T>& key, std::type_identity_t<T> value,
                  const Site& site = Site::Here()) {
  if (internal::Unwinding()) return Context();
  return internal::NewValueContext(parent, &key, std::make_shared<const T>(std::move(value)), site);
}

// Runs `f` as a task of its own once the context ends (at once, if it has).
template <class F>
StopFunc AfterFunc(const Context& context, F f, const Site& site = Site::Here()) {
  if (internal::Unwinding()) return StopFunc();
  return internal::NewContextFunc(context, internal::Share(std::move(f)), site);
}

}  // namespace taskleak

#endif  // TASKLEAK_CONTEXT_H_
