// From any callable to a task of the current runtime.
#ifndef TASKLEAK_INTERNAL_SPAWN_H_
#define TASKLEAK_INTERNAL_SPAWN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "taskleak/internal/runtime.h"
#include "taskleak/site.h"

namespace taskleak::internal {

// The task's id; 0 while the calling task is being unwound: nothing is started then.
template <class F>
std::uint32_t Spawn(std::string_view name, F&& f, const Site& site) {
  using Callable = std::decay_t<F>;
  static_assert(std::is_invocable_v<Callable&>, "a task's body is called without arguments");
  if (Unwinding()) return 0;
  Runtime* runtime = CurrentRuntime();
  void* memory = runtime->BeginSpawn(sizeof(Callable), alignof(Callable), site);
  if constexpr (std::is_nothrow_constructible_v<Callable, F&&>) {
    new (memory) Callable(std::forward<F>(f));
  } else {
    try {
      new (memory) Callable(std::forward<F>(f));
    } catch (...) {  // The user's copy threw: give the memory back and let it pass.
      runtime->CancelSpawn();
      throw;
    }
  }
  const TaskCode code{
      memory, [](void* callable) { static_cast<void>((*static_cast<Callable*>(callable))()); },
      [](void* callable) noexcept { static_cast<Callable*>(callable)->~Callable(); }};
  return runtime->CommitSpawn(code, name, site);
}

// A copyable function of a callable that need not be.
template <class F>
std::function<void()> Share(F f) {
  if constexpr (std::is_copy_constructible_v<F>) {
    return std::function<void()>(std::move(f));
  } else {
    return [shared = std::make_shared<F>(std::move(f))] { (*shared)(); };
  }
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_SPAWN_H_
