// What tasks meet at: the common head of every channel, context, lock and wait group.
#ifndef TASKLEAK_INTERNAL_OBJECT_H_
#define TASKLEAK_INTERNAL_OBJECT_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "taskleak/site.h"

namespace taskleak::internal {

class Runtime;

enum class ObjectKind : std::uint8_t {
  kChannel,
  kContext,
  kMutex,
  kRWMutex,
  kWaitGroup,
  kCond,
  kOnce,
  kSemaphore,
};

// The two ends of an object, as far as a report cares: who feeds it (send, unlock, done, signal,
// cancel) and who is fed by it (receive, lock, wait).
enum class End : std::uint8_t { kFeeds = 0, kFed = 1 };

// To TSan a handle that is copied orders nothing, and one that is dropped only the dropping and the
// destruction, whatever the count itself is made of.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(TASKLEAK_TSAN)
#define TASKLEAK_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__) && !defined(TASKLEAK_TSAN)
#define TASKLEAK_TSAN 1
#endif
#if defined(TASKLEAK_TSAN) && TASKLEAK_TSAN
#define TASKLEAK_NO_TSAN __attribute__((no_sanitize("thread")))
void OrderDrop(const void* count, std::uint32_t references) noexcept;
#else
#define TASKLEAK_NO_TSAN
inline void OrderDrop(const void*, std::uint32_t) noexcept {}
#endif

// A count of references, of one thread's or of many: which of the two is known once, before there
// is a second reference.
class RefCount {
 public:
  // Many threads may hold references.
  void Share() noexcept { shared_ = true; }
  bool shared() const noexcept { return shared_; }
  TASKLEAK_NO_TSAN void Add() noexcept {
    if (!shared_) [[likely]] {
      ++count_;
      ++added_;
    } else
      __atomic_fetch_add(&count_, 1, __ATOMIC_RELAXED);  // Whoever adds one holds one already.
  }
  // How many were ever added, by one thread alone: whether a handle was copied since some moment.
  std::uint32_t added() const noexcept { return added_; }
  // True if that was the last one. What others did before they dropped theirs is then visible.
  TASKLEAK_NO_TSAN bool Drop() noexcept {
    OrderDrop(this, count_);
    if (!shared_) [[likely]]
      return --count_ == 0;
    return __atomic_sub_fetch(&count_, 1, __ATOMIC_ACQ_REL) == 0;
  }

 private:
  std::uint32_t count_ = 0;
  std::uint32_t added_ = 0;
  bool shared_ = false;
};

// Counted by its handles and by the frames parked on it. It belongs to one run; handles may still
// be dropped after that. On the simulator only the run's OS thread touches it; natively any thread
// may hold handles, and all else is touched between the runtime's Before and After (or within an
// Exclusive) only.
//
// Invariants:
//  1. `run` names the run it was made in and never changes; an operation from anywhere else is
//  refused.
//  2. It is in its run's list of objects from construction until its last reference is dropped or
//  the run ends; so whoever looks at the list sees it whole. Constructed within an Exclusive.
//  3. `ordinal` counts the objects its maker task made, so (maker's path, ordinal) names the object
//  in
//     every run of every build; `number` counts objects of its kind in this run, and is for people.
class Object {
 public:
  Object(ObjectKind kind, const Site& made_at);
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void AddRef() noexcept { refs_.Add(); }
  void Release() noexcept {
    if (refs_.Drop()) Dispose();
  }

  // Called when the run has ended and all its tasks are gone: gives up references that run in
  // circles.
  virtual void Sever() {}

  void Used(End end, std::uint32_t task, const Site& site, std::uint64_t step) noexcept {
    Use& use = last_use[static_cast<int>(end)];
    use.site.Set(site);
    use.task = task;
    last_step = step;
  }

  struct Use {
    Site site;
    std::uint32_t task = 0;  // 0: never used.
  };

  std::uint32_t copies() const noexcept { return refs_.added(); }

  const ObjectKind kind;
  bool destroyed = false;  // Its handle died while tasks still waited.
  std::uint32_t ordinal = 0;
  std::uint32_t number = 0;
  std::uint32_t maker = 0;  // Task id.
  std::uint64_t run = 0;
  std::uint64_t name_hash = 0;
  std::uint64_t last_step = 0;  // The last step at which a task operated on it.
  // copies() when the run last changed, and when it reached its step limit: see
  // Simulator::NoteCopies.
  std::uint32_t copies_at_change = 0;
  std::uint32_t copies_at_limit = 0;
  bool listed = false;  // In the run's list. Written by the runtime.
  Site made_at;
  Use last_use[2];
  Object* next = nullptr;  // The run's list.
  Object* prev = nullptr;

 protected:
  virtual ~Object();
  virtual void Destroy() noexcept = 0;  // Destructor and memory.

 private:
  friend class NativeRuntime;
  void Dispose() noexcept;
  void LeaveList() noexcept;

  RefCount refs_;
};

// A counted reference.
template <class C>
class Ref {
 public:
  Ref() = default;
  explicit Ref(C* core) noexcept : core_(core) {
    if (core_ != nullptr) core_->AddRef();
  }
  Ref(const Ref& other) noexcept : Ref(other.core_) {}
  Ref(Ref&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~Ref() {
    if (core_ != nullptr) core_->Release();
  }
  C* get() const noexcept { return core_; }
  C* operator->() const noexcept { return core_; }
  C& operator*() const noexcept { return *core_; }
  explicit operator bool() const noexcept { return core_ != nullptr; }

 private:
  C* core_ = nullptr;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_OBJECT_H_
