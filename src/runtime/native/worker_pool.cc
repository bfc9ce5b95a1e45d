#include "src/runtime/native/worker_pool.h"

#include <pthread.h>

#include <memory>
#include <new>
#include <system_error>

namespace taskleak::internal {

WorkerPool& WorkerPool::Get() {
  static auto* const pool = new WorkerPool;  // Its threads outlive static destruction.
  return *pool;
}

void WorkerPool::Run(NativeTask* task, void (*run)(NativeTask*) noexcept) {
  lock_.Acquire();
  Worker* worker = idle_;
  if (worker != nullptr) idle_ = worker->next;
  lock_.Release();
  if (worker != nullptr) {
    worker->task = task;
    worker->run = run;
    worker->job.store(1, std::memory_order_release);
    FutexWake(worker->job);
    return;
  }
  auto fresh = std::make_unique<Worker>();
  fresh->task = task;
  fresh->run = run;
  fresh->job.store(1, std::memory_order_relaxed);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, &Main, fresh.get());
  pthread_attr_destroy(&attributes);
  if (error != 0)
    throw std::system_error(error, std::generic_category(),
                            "taskleak::Go could not start a thread for its task; let fewer tasks "
                            "live at once, or explore the body on the simulator");
  static_cast<void>(fresh.release());
}

// The parent may have been forked while one of its threads held the lock; here nobody does.
void WorkerPool::ForgetThreads() {
  new (&lock_) FutexLock;
  idle_ = nullptr;
}

void* WorkerPool::Main(void* argument) {
  const std::unique_ptr<Worker> worker(static_cast<Worker*>(argument));
  pthread_setname_np(pthread_self(), "taskleak-pool");
  WorkerPool& pool = Get();
  do {
    worker->job.store(0, std::memory_order_relaxed);
    worker->run(worker->task);
    pool.lock_.Acquire();
    worker->next = pool.idle_;
    pool.idle_ = worker.get();
    pool.lock_.Release();
  } while (pool.Await(worker.get()));
  return nullptr;
}

bool WorkerPool::Await(Worker* worker) {
  while (worker->job.load(std::memory_order_acquire) == 0) {
    FutexWait(worker->job, 0, kIdle);
    if (worker->job.load(std::memory_order_acquire) != 0) return true;
    lock_.Acquire();
    Worker** link = &idle_;
    while (*link != nullptr && *link != worker) link = &(*link)->next;
    const bool idle = *link == worker;
    if (idle) *link = worker->next;
    lock_.Release();
    if (idle) return false;
    // Somebody has taken it off the stack, and is about to give it a job.
  }
  return true;
}

}  // namespace taskleak::internal
