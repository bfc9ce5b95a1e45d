#include "src/threads/tracking.h"

#include <limits.h>
#include <sys/syscall.h>

#include "src/threads/look.h"
#include "src/threads/symbol.h"

namespace taskleak::internal {

constinit thread_local taskleak_v1_thread* t_thread = nullptr;
constinit CreateHook g_on_create = nullptr;

namespace {

// This thread is not to be adopted: it has ended, or is being adopted.
thread_local bool t_closed = false;
thread_local int t_rounds = 0;

enum class Role : int { kUnknown, kTracks, kHandsOn };
constinit int g_role = static_cast<int>(Role::kUnknown);
constinit int g_beginning = 0;
pthread_key_t g_end_key;

int Tid() { return static_cast<int>(::syscall(SYS_gettid)); }

// The end of a thread, however it ends: return, pthread_exit, cancellation. The user's own
// destructors come first: it asks to be called again until the last round.
void OnThreadEnd(void* thread) {
  if (++t_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(g_end_key, thread);
    return;
  }
  t_closed = true;
  t_thread = nullptr;
  taskleak_v1_thread_end(static_cast<taskleak_v1_thread*>(thread));
}

void BeforeFork() { taskleak_v1_thread_before_fork(); }
void AfterForkInParent() { taskleak_v1_thread_after_fork(nullptr, 0); }
void AfterForkInChild() {
  taskleak_v1_thread_after_fork(t_thread, Tid());
  taskleak_v1_note_fork();
}

void AttachMain() {
  taskleak_v1_thread* main = taskleak_v1_thread_acquire();
  if (main == nullptr) return;
  // The loader's: searched for rather than linked, so that nothing needs the loader by name.
  auto* const* const end = static_cast<void**>(TASKLEAK_SYMBOL(__libc_stack_end));
  const uintptr_t high =
      reinterpret_cast<uintptr_t>(end != nullptr ? *end : __builtin_frame_address(0));
  taskleak_v1_thread_running(main, pthread_self(), Tid(), high);
  t_thread = main;
}

__attribute__((constructor(101))) void BeginEarly() { BeginTracking(); }

}  // namespace

void BeginTracking() {
  if (__atomic_load_n(&g_role, __ATOMIC_ACQUIRE) != static_cast<int>(Role::kUnknown)) return;
  if (__atomic_exchange_n(&g_beginning, 1, __ATOMIC_ACQ_REL) != 0) return;
  FindRealCalls();
  using Threads = const taskleak_v1_threads_interface* (*)();
  const auto first = reinterpret_cast<Threads>(TASKLEAK_SYMBOL(taskleak_v1_threads));
  if (first != nullptr && first() != taskleak_v1_threads_here()) {
    __atomic_store_n(&g_role, static_cast<int>(Role::kHandsOn), __ATOMIC_RELEASE);
    return;
  }
  taskleak_v1_walk_prepare();
  pthread_key_create(&g_end_key, &OnThreadEnd);
  pthread_atfork(&BeforeFork, &AfterForkInParent, &AfterForkInChild);
  // Whoever begins is the main thread, unless a constructor before ours has started others.
  if (Tid() == getpid()) AttachMain();
  __atomic_store_n(&g_role, static_cast<int>(Role::kTracks), __ATOMIC_RELEASE);
}

bool Tracking() {
  BeginTracking();
  return __atomic_load_n(&g_role, __ATOMIC_ACQUIRE) == static_cast<int>(Role::kTracks);
}

taskleak_v1_thread* AdoptThread() {
  if (t_closed || !Tracking()) return nullptr;
  t_closed = true;
  taskleak_v1_thread* thread = taskleak_v1_thread_acquire();
  if (thread != nullptr) {
    thread->flags = taskleak_v1_thread_unknown;
    thread->started = taskleak_v1_monotonic();
    pthread_setspecific(g_end_key, thread);
    // Of its stack only what lies outside of here is sure to be there: a walk ends soon.
    taskleak_v1_thread_running(thread, pthread_self(), Tid(),
                               reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 1024);
    t_thread = thread;
  }
  t_closed = false;
  return thread;
}

// What pthread_create is given in place of the user's function.
void* RunThread(void* argument) {
  auto* thread = static_cast<taskleak_v1_thread*>(argument);
  t_thread = thread;
  taskleak_v1_thread_running(thread, pthread_self(), Tid(),
                             reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 16);
  pthread_setspecific(g_end_key, thread);
  void* result = thread->start(thread->argument);
  __asm__ volatile("");  // No tail call: a walk ends at this frame.
  return result;
}

}  // namespace taskleak::internal

extern "C" taskleak_v1_thread* taskleak_v1_thread_self(void) { return taskleak::internal::Self(); }
