// The wrapped calls that start, name and join threads.
#include "src/threads/tracking.h"

namespace taskleak::internal {

void* RunThread(void* thread);

namespace {

// What a join is: the thread that is waited for is noted by its handle; whoever looks finds its
// tid. In the child of a fork the parent's threads never end: a join for one returns at once, or a
// child that runs the destructor of a pool would hang in it.
template <class Join>
__attribute__((always_inline)) inline int Joined(pthread_t handle, void** value, bool timed,
                                                 Join&& join) {
  const taskleak_v1_thread_ref ref =
      Tracking() ? taskleak_v1_thread_find(handle) : taskleak_v1_thread_ref{};
  if (ref.lost != 0) {
    taskleak_v1_thread_joined(ref);
    if (value != nullptr) *value = nullptr;
    return 0;
  }
  WaitNote note(taskleak_v1_wait_join, static_cast<uintptr_t>(handle),
                static_cast<uintptr_t>(ref.tid), timed);
  const int result = join();
  note.End();
  if (result == 0) taskleak_v1_thread_joined(ref);
  return result;
}

}  // namespace
}  // namespace taskleak::internal

using taskleak::internal::Joined;
using taskleak::internal::Self;
using taskleak::internal::Tracking;

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_create)(pthread_t* handle,
                                                  const pthread_attr_t* attributes,
                                                  void* (*start)(void*), void* argument) noexcept {
  const auto real = TASKLEAK_REAL(pthread_create);
  const bool tracking = Tracking();
  if (const auto hook = __atomic_load_n(&taskleak::internal::g_on_create, __ATOMIC_ACQUIRE);
      tracking && hook != nullptr)
    hook();
  taskleak_v1_thread* thread = tracking ? taskleak_v1_thread_acquire() : nullptr;
  if (thread == nullptr) return real(handle, attributes, start, argument);
  thread->start = start;
  thread->argument = argument;
  if (const taskleak_v1_thread* self = Self(); self != nullptr) {
    thread->parent = self->id;
    thread->scope = self->current_scope;
    thread->current_scope = self->current_scope;
  }
  if (attributes != nullptr) {
    int detached = PTHREAD_CREATE_JOINABLE;
    pthread_attr_getdetachstate(attributes, &detached);
    if (detached == PTHREAD_CREATE_DETACHED) thread->flags |= taskleak_v1_thread_detached;
  }
  thread->frame_count =
      static_cast<uint8_t>(taskleak_v1_walk_here(thread->frames, taskleak_v1_thread_frames));
  thread->started = taskleak_v1_monotonic();
  const uint64_t id = thread->id;
  const int result = real(handle, attributes, &taskleak::internal::RunThread, thread);
  if (result != 0) {
    taskleak_v1_thread_cancel(thread);
  } else {
    taskleak_v1_thread_started(thread, id, *handle);
  }
  return result;
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_join)(pthread_t handle, void** value) {
  return Joined(handle, value, false, [=] { return TASKLEAK_REAL(pthread_join)(handle, value); });
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_tryjoin_np)(pthread_t handle, void** value) noexcept {
  return Joined(handle, value, true,
                [=] { return TASKLEAK_REAL(pthread_tryjoin_np)(handle, value); });
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_timedjoin_np)(pthread_t handle, void** value,
                                                        const timespec* until) {
  return Joined(handle, value, until != nullptr,
                [=] { return TASKLEAK_REAL(pthread_timedjoin_np)(handle, value, until); });
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_clockjoin_np)(pthread_t handle, void** value,
                                                        clockid_t clock, const timespec* until) {
  return Joined(handle, value, until != nullptr,
                [=] { return TASKLEAK_REAL(pthread_clockjoin_np)(handle, value, clock, until); });
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_detach)(pthread_t handle) noexcept {
  const taskleak_v1_thread_ref ref =
      Tracking() ? taskleak_v1_thread_find(handle) : taskleak_v1_thread_ref{};
  const int result = TASKLEAK_REAL(pthread_detach)(handle);
  if (result == 0 && ref.id != 0) taskleak_v1_thread_detach(ref);
  return result;
}

TASKLEAK_EXPORT int TASKLEAK_CALL(pthread_setname_np)(pthread_t handle, const char* name) noexcept {
  if (Tracking()) {
    const taskleak_v1_thread_ref ref = taskleak_v1_thread_find(handle);
    if (ref.id != 0) taskleak_v1_thread_rename(ref, name);
  }
  return TASKLEAK_REAL(pthread_setname_np)(handle, name);
}
