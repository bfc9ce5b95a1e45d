// Tasks: starting them, naming them, giving way.
#ifndef TASKLEAK_TASK_H_
#define TASKLEAK_TASK_H_

#include <atomic>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "taskleak/internal/runtime.h"
#include "taskleak/internal/spawn.h"
#include "taskleak/site.h"

namespace taskleak {

// Numbers tasks in the order they start in a run; the root is 1. 0 is no task.
using TaskId = std::uint64_t;

// Starts a task that runs `f` once. Recorded with the stack that started it. The task may begin at
// any later operation of the caller, or before Go returns to any other task's notice; nothing waits
// for its end.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&>
TaskId Go(std::string_view name, F&& f, const Site& site = Site::Here()) {
  return internal::Spawn(name, std::forward<F>(f), site);
}
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&>
TaskId Go(F&& f, const Site& site = Site::Here()) {
  return Go(std::string_view(), std::forward<F>(f), site);
}

// The calling task's id; 0 on a thread that no runtime knows.
TaskId CurrentTask() noexcept;

// Names the calling task anew; labels it. Both appear in reports and can be matched by the options
// of verify.h. A name is cut at 39 bytes, a task's labels ("key=value", joined by ';') at 63.
void SetTaskName(std::string_view name);
void SetTaskLabel(std::string_view key, std::string_view value);

// Gives way: every other task that can run goes first.
void Yield(const Site& site = Site::Here());

// Marks a place where another task may come in between two plain accesses. Does nothing natively,
// and nothing outside a run.
void PreemptionPoint(const Site& site = Site::Here());

// An atomic with a preemption point before each access, so that the schedule can come between two
// of them.
template <class T>
class Atomic {
 public:
  Atomic() noexcept : value_(T()) {}
  // NOLINTNEXTLINE(google-explicit-constructor): as std::atomic.
  Atomic(T value) noexcept : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(const Site& site = Site::Here()) const { return Point(site), value_.load(); }
  void store(T value, const Site& site = Site::Here()) { Point(site), value_.store(value); }
  T exchange(T value, const Site& site = Site::Here()) {
    return Point(site), value_.exchange(value);
  }
  bool compare_exchange_strong(T& expected, T desired, const Site& site = Site::Here()) {
    return Point(site), value_.compare_exchange_strong(expected, desired);
  }
  bool compare_exchange_weak(T& expected, T desired, const Site& site = Site::Here()) {
    return compare_exchange_strong(expected, desired, site);
  }
  T fetch_add(T delta, const Site& site = Site::Here()) {
    return Point(site), value_.fetch_add(delta);
  }
  T fetch_sub(T delta, const Site& site = Site::Here()) {
    return Point(site), value_.fetch_sub(delta);
  }

  // Go's names for the same.
  T Load(const Site& site = Site::Here()) const { return load(site); }
  void Store(T value, const Site& site = Site::Here()) { store(value, site); }
  T Add(T delta, const Site& site = Site::Here()) { return fetch_add(delta, site) + delta; }
  T Swap(T value, const Site& site = Site::Here()) { return exchange(value, site); }
  bool CompareAndSwap(T expected, T desired, const Site& site = Site::Here()) {
    return compare_exchange_strong(expected, desired, site);
  }

  // NOLINTNEXTLINE(google-explicit-constructor): as std::atomic.
  operator T() const { return load(Site()); }
  T operator=(T value) { return store(value, Site()), value; }
  T operator++() { return fetch_add(T(1), Site()) + T(1); }
  T operator++(int) { return fetch_add(T(1), Site()); }  // NOLINT(cert-dcl21-cpp): as std::atomic.
  T operator--() { return fetch_sub(T(1), Site()) - T(1); }
  T operator--(int) { return fetch_sub(T(1), Site()); }  // NOLINT(cert-dcl21-cpp): as std::atomic.
  T operator+=(T delta) { return fetch_add(delta, Site()) + delta; }
  T operator-=(T delta) { return fetch_sub(delta, Site()) - delta; }

 private:
  static void Point(const Site& site);
  std::atomic<T> value_;
};

namespace internal {
void AtomicPoint(const Site& site);
}

template <class T>
void Atomic<T>::Point(const Site& site) {
  internal::AtomicPoint(site);
}

}  // namespace taskleak

#endif  // TASKLEAK_TASK_H_
