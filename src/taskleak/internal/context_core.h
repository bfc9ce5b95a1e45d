// The tree of contexts behind Context.
#ifndef TASKLEAK_INTERNAL_CONTEXT_CORE_H_
#define TASKLEAK_INTERNAL_CONTEXT_CORE_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "taskleak/internal/chan_core.h"
#include "taskleak/internal/object.h"
#include "taskleak/internal/pool.h"
#include "taskleak/internal/runtime.h"
#include "taskleak/site.h"

namespace taskleak::internal {

// One node of the tree. The rules are those of Go's package context.
//
// Invariants:
//  1. A child is registered with its nearest ancestor that can end, which keeps it alive until one
//  of the
//     two ends: a task may hold nothing of a context but its done channel.
//  2. `error` is set once; the done channel is closed at that moment, the timer disarmed, the
//  children ended.
//  3. A value node has no channel of its own: `ends` is the nearest ancestor that has one, or null.
class ContextCore final : public Object, private TimerNode, public Pooled {
 public:
  enum class Error : std::uint8_t { kNone, kCanceled, kDeadlineExceeded };

  static Ref<ContextCore> MakeCancel(ContextCore* parent, const Site& site);
  static Ref<ContextCore> MakeValue(ContextCore* parent, const void* key,
                                    std::shared_ptr<const void> value, bool cuts_cancel,
                                    const Site& site);

  // The deadline, in the runtime's time; ends at once if that has passed or the parent's is
  // earlier. Called once.
  void SetDeadline(Runtime* runtime, std::int64_t when);

  // Ends this context and all below it. No operation of its own: the caller (a CancelFunc, a timer,
  // the schedule) is.
  void End(Runtime* runtime, Error error, const std::exception_ptr& cause);

  std::uint64_t AddFunction(Runtime* runtime, std::function<void()> f, const Site& site);
  // Null if it has started or was removed. For the caller to destroy, who does so outside the
  // operation: what its destructor does is the user's.
  std::function<void()> RemoveFunction(std::uint64_t id);

  ContextCore* ends() const { return own_done_ ? const_cast<ContextCore*>(this) : ends_.get(); }
  const Ref<ChanCore>& done() const { return own_done_; }
  Error error() const { return error_; }
  const std::exception_ptr& cause() const { return cause_; }
  std::int64_t deadline() const { return deadline_; }  // INT64_MAX: none.
  const void* Lookup(const void* key) const;

  void Sever() override;
  void TouchAll(Runtime& runtime) const override;

 private:
  struct Function {
    std::uint64_t id;
    std::uint32_t owner;  // The task that registered it.
    std::function<void()> f;
    Site site;
  };

  ContextCore(ContextCore* parent, const Site& site);
  ~ContextCore() override = default;
  void Destroy() noexcept override { delete this; }
  void Fire() override;
  void Drop() override { Release(); }
  bool MaySpawn() const override { return true; }  // Through a function of its own or of a child.
  void LeaveParent();

  Ref<ContextCore> parent_;  // For values; null for a root.
  Ref<ContextCore> ends_;    // Invariant 3.
  Ref<ChanCore> own_done_;
  Error error_ = Error::kNone;
  std::int64_t deadline_ = INT64_MAX;
  std::exception_ptr cause_;
  const void* key_ = nullptr;
  std::shared_ptr<const void> value_;
  std::vector<Function> functions_;
  std::uint64_t next_function_ = 1;

  // Intrusive list of children, each holding one reference on behalf of its parent.
  ContextCore* first_child_ = nullptr;
  ContextCore* next_sibling_ = nullptr;
  ContextCore* prev_sibling_ = nullptr;
  ContextCore* registered_with_ = nullptr;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_CONTEXT_CORE_H_
