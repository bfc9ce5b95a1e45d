#include "src/stack/capture.h"

#include <pthread.h>

namespace taskleak::internal {
namespace {

struct Bounds {
  std::uintptr_t low;
  std::uintptr_t high;
  bool known;
};

thread_local constinit Bounds t_bounds = {0, 0, false};

Bounds ReadBounds() {
  Bounds bounds = {0, 0, true};
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return bounds;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    bounds.low = reinterpret_cast<std::uintptr_t>(low);
    bounds.high = bounds.low + size;
  }
  pthread_attr_destroy(&attributes);
  return bounds;
}

}  // namespace

void ThreadStackBounds(std::uintptr_t* low, std::uintptr_t* high) {
  if (!t_bounds.known) t_bounds = ReadBounds();
  *low = t_bounds.low;
  *high = t_bounds.high;
}

}  // namespace taskleak::internal
