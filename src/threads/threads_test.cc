// Each call that may block, with a thread blocked in it: seen, with what and where; then released,
// and gone. The tests wait for a state, never for a time.
#include "src/threads/threads.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>

namespace taskleak::internal {
namespace {

// Looks until somebody is as asked. What never comes ends by the test's own time limit.
ThreadView Await(const std::function<bool(const ThreadView&)>& is) {
  for (;;) {
    for (ThreadView& view : SnapshotThreads())
      if (is(view)) return std::move(view);
    std::this_thread::yield();
  }
}

ThreadView AwaitBlocked(const std::string& operation) {
  return Await([&](const ThreadView& view) {
    return view.task.operation == operation && !view.task.blocked_stack.empty();
  });
}

std::size_t LiveThreads() {
  std::size_t live = 0;
  for (const ThreadView& view : SnapshotThreads())
    live += !view.ours && !view.unknown_origin && view.tid != getpid() ? 1 : 0;
  return live;
}

bool Holds(const std::vector<std::uintptr_t>& stack, const void* function) {
  for (const std::uintptr_t pc : stack) {
    void* start = nullptr;
    // No symbols are needed: the unwinder's own table tells where a function begins.
    Dl_info info;
    if (dladdr(reinterpret_cast<void*>(pc - 1), &info) != 0) start = info.dli_saddr;
    if (start == function) return true;
  }
  return false;
}

// Exported, so that dladdr knows them.
extern "C" {
__attribute__((noinline, visibility("default"))) void TaskleakTestBlocksHere(
    const std::function<void()>& block) {
  block();
  __asm__ volatile("");
}
__attribute__((noinline, visibility("default"))) void TaskleakTestStartsHere(
    const std::function<void()>& block, std::thread* thread) {
  *thread = std::thread([&block] { TaskleakTestBlocksHere(block); });
  __asm__ volatile("");
}
}

struct Case {
  std::string operation;
  std::string object;
  const void* address;  // Null: not compared.
  std::function<void()> block;
  std::function<void()> release;
  bool timed = false;
};

void Check(const Case& check) {
  ASSERT_EQ(LiveThreads(), 0u);
  std::thread thread;
  TaskleakTestStartsHere(check.block, &thread);
  const ThreadView view = AwaitBlocked(check.operation);
  EXPECT_EQ(view.task.state, TaskState::kBlocked);
  EXPECT_EQ(view.timed, check.timed);
  EXPECT_FALSE(view.unknown_origin);
  EXPECT_FALSE(view.detached);
  EXPECT_EQ(view.process_shared, check.object.starts_with("descriptor"));
  ASSERT_EQ(view.task.objects.size(), 1u);
  EXPECT_EQ(view.task.objects[0].kind, check.object);
  if (check.address != nullptr) {
    EXPECT_EQ(view.address, reinterpret_cast<std::uintptr_t>(check.address));
  }
  EXPECT_TRUE(
      Holds(view.task.creation_stack, reinterpret_cast<const void*>(&TaskleakTestStartsHere)));
  EXPECT_TRUE(
      Holds(view.task.blocked_stack, reinterpret_cast<const void*>(&TaskleakTestBlocksHere)));
  check.release();
  thread.join();
  EXPECT_EQ(LiveThreads(), 0u);
}

TEST(ThreadsTest, AreTracked) { EXPECT_TRUE(ThreadsAreTracked()); }

TEST(ThreadsTest, CondWait) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  Check({"cond wait", "condition variable", changed.native_handle(),
         [&] {
           std::unique_lock lock(mutex);
           while (!done) changed.wait(lock);
         },
         [&] {
           const std::lock_guard lock(mutex);
           done = true;
           changed.notify_one();
         }});
}

TEST(ThreadsTest, CondWaitWithALimit) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  Check({"cond wait", "condition variable", changed.native_handle(),
         [&] {
           std::unique_lock lock(mutex);
           while (!done) changed.wait_for(lock, std::chrono::hours(1));
         },
         [&] {
           const std::lock_guard lock(mutex);
           done = true;
           changed.notify_one();
         },
         true});
}

TEST(ThreadsTest, OneThatWasNotifiedWaitsForTheMutex) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread thread([&] {
    std::unique_lock lock(mutex);
    while (!done) changed.wait(lock);
  });
  AwaitBlocked("cond wait");
  {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_one();
    const ThreadView view = AwaitBlocked("mutex lock");
    EXPECT_EQ(view.address, reinterpret_cast<std::uintptr_t>(mutex.native_handle()));
    EXPECT_EQ(view.owner_tid, gettid());
    EXPECT_EQ(view.task.objects[0].kind, "mutex");
  }
  thread.join();
  EXPECT_EQ(LiveThreads(), 0u);
}

TEST(ThreadsTest, MutexLockNamesTheOwner) {
  std::mutex mutex;
  mutex.lock();
  Check({"mutex lock", "mutex", mutex.native_handle(),
         [&] {
           mutex.lock();
           mutex.unlock();
         },
         [&] {
           EXPECT_EQ(AwaitBlocked("mutex lock").owner_tid, gettid());
           mutex.unlock();
         }});
}

TEST(ThreadsTest, ReadersWaitForAWriter) {
  std::shared_mutex mutex;
  mutex.lock();
  Check({"rwlock rdlock", "rwlock", mutex.native_handle(),
         [&] {
           mutex.lock_shared();
           mutex.unlock_shared();
         },
         [&] {
           EXPECT_EQ(AwaitBlocked("rwlock rdlock").owner_tid, gettid());
           mutex.unlock();
         }});
}

TEST(ThreadsTest, AWriterWaitsForReaders) {
  std::shared_mutex mutex;
  mutex.lock_shared();
  Check({"rwlock wrlock", "rwlock", mutex.native_handle(),
         [&] {
           mutex.lock();
           mutex.unlock();
         },
         [&] { mutex.unlock_shared(); }});
}

TEST(ThreadsTest, SemaphoreWait) {
  sem_t semaphore;
  ASSERT_EQ(sem_init(&semaphore, 0, 0), 0);
  Check({"semaphore wait", "semaphore", &semaphore, [&] { EXPECT_EQ(sem_wait(&semaphore), 0); },
         [&] { sem_post(&semaphore); }});
  sem_destroy(&semaphore);
}

TEST(ThreadsTest, BarrierWait) {
  pthread_barrier_t barrier;
  ASSERT_EQ(pthread_barrier_init(&barrier, nullptr, 2), 0);
  Check({"barrier wait", "barrier", &barrier, [&] { pthread_barrier_wait(&barrier); },
         [&] { pthread_barrier_wait(&barrier); }});
  pthread_barrier_destroy(&barrier);
}

TEST(ThreadsTest, AtomicWait) {
  std::atomic<int> word{0};
  Check({"futex wait", "futex", &word, [&] { word.wait(0); },
         [&] {
           word.store(1);
           word.notify_one();
         }});
}

TEST(ThreadsTest, FutureGet) {
  std::promise<int> promise;
  std::future<int> future = promise.get_future();
  Check({"futex wait", "futex", nullptr, [&] { EXPECT_EQ(future.get(), 7); },
         [&] { promise.set_value(7); }});
}

TEST(ThreadsTest, ReadOfAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Check({"read", "descriptor", reinterpret_cast<void*>(static_cast<std::uintptr_t>(ends[0])),
         [&] {
           char byte = 0;
           EXPECT_EQ(read(ends[0], &byte, 1), 1);
         },
         [&] { EXPECT_EQ(write(ends[1], "x", 1), 1); }});
  close(ends[0]);
  close(ends[1]);
}

TEST(ThreadsTest, Poll) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  pollfd file{ends[0], POLLIN, 0};
  Check({"poll", "descriptors", &file, [&] { EXPECT_EQ(poll(&file, 1, -1), 1); },
         [&] { EXPECT_EQ(write(ends[1], "x", 1), 1); }});
  close(ends[0]);
  close(ends[1]);
}

TEST(ThreadsTest, EpollWait) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int poller = epoll_create1(0);
  epoll_event event{EPOLLIN, {}};
  ASSERT_EQ(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), 0);
  Check({"epoll wait", "descriptor", reinterpret_cast<void*>(static_cast<std::uintptr_t>(poller)),
         [&] {
           epoll_event got;
           EXPECT_EQ(epoll_wait(poller, &got, 1, -1), 1);
         },
         [&] { EXPECT_EQ(write(ends[1], "x", 1), 1); }});
  close(poller);
  close(ends[0]);
  close(ends[1]);
}

TEST(ThreadsTest, AJoinNamesWhomItWaitsFor) {
  std::atomic<int> word{0};
  std::thread waited_for([&] { word.wait(0); });
  const ThreadView other = AwaitBlocked("futex wait");
  std::thread joiner([&] { waited_for.join(); });
  const ThreadView view = AwaitBlocked("thread join");
  EXPECT_EQ(view.owner_tid, other.tid);
  EXPECT_FALSE(view.process_shared);
  word.store(1);
  word.notify_one();
  joiner.join();
  EXPECT_EQ(LiveThreads(), 0u);
}

TEST(ThreadsTest, ASleepHasALimit) {
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  const ThreadView view = Await([](const ThreadView& it) { return it.task.operation == "sleep"; });
  EXPECT_TRUE(view.timed);
  EXPECT_EQ(view.task.state, TaskState::kSleeping);
  stop = true;
  thread.join();
  EXPECT_EQ(LiveThreads(), 0u);
}

TEST(ThreadsTest, OneThatEndedUnjoinedIsSaidToHaveEnded) {
  std::thread thread([] {});
  const ThreadView view = Await([](const ThreadView& it) { return it.ended; });
  EXPECT_EQ(view.task.state, TaskState::kEnded);
  thread.join();
  EXPECT_EQ(LiveThreads(), 0u);
}

TEST(ThreadsTest, ADetachedOneIsGoneWhenItHasEnded) {
  static std::atomic<int> word;  // Nobody says when the thread is done with it.
  word = 0;
  std::thread([] { word.wait(0); }).detach();
  const ThreadView view = AwaitBlocked("futex wait");
  EXPECT_TRUE(view.detached);
  word.store(1);
  word.notify_one();
  while (LiveThreads() != 0) std::this_thread::yield();
}

TEST(ThreadsTest, ItsEndIsSeenHoweverItEnds) {
  const auto exits = [](void*) -> void* { pthread_exit(nullptr); };
  const auto waits = [](void*) -> void* {
    for (;;) pause();
  };
  pthread_t exiting;
  ASSERT_EQ(pthread_create(&exiting, nullptr, exits, nullptr), 0);
  Await([](const ThreadView& view) { return view.ended; });
  ASSERT_EQ(pthread_join(exiting, nullptr), 0);
  pthread_t cancelled;
  ASSERT_EQ(pthread_create(&cancelled, nullptr, waits, nullptr), 0);
  AwaitBlocked("signal wait");
  ASSERT_EQ(pthread_cancel(cancelled), 0);
  Await([](const ThreadView& view) { return view.ended; });
  ASSERT_EQ(pthread_join(cancelled, nullptr), 0);
  EXPECT_EQ(LiveThreads(), 0u);
}

TEST(ThreadsTest, AScopeIsInheritedDownTheChain) {
  std::atomic<int> word{0};
  const std::uint64_t scope = OpenScope("Suite.Test");
  std::thread outer([&] {
    std::thread inner([&] { word.wait(0); });
    inner.join();
  });
  CloseScope(scope);
  std::thread after([&] { word.wait(0); });
  const ThreadView join = AwaitBlocked("thread join");
  EXPECT_EQ(join.task.scope, "Suite.Test");
  Await([&](const ThreadView& view) {
    return view.task.operation == "futex wait" && view.task.scope == "Suite.Test" &&
           view.task.parent == join.task.id;
  });
  Await([](const ThreadView& view) {
    return view.task.operation == "futex wait" && view.task.scope.empty();
  });
  word.store(1);
  word.notify_all();
  outer.join();
  after.join();
}

TEST(ThreadsTest, NamesAreKeptAtFullLength) {
  std::atomic<int> word{0};
  std::thread thread([&] {
    pthread_setname_np(pthread_self(), "worker-7");
    word.wait(0);
  });
  EXPECT_EQ(AwaitBlocked("futex wait").task.name, "worker-7");
  word.store(1);
  word.notify_all();
  thread.join();
}

TEST(ThreadsTest, AChildOfAForkDoesNotHaveItsParentsThreads) {
  std::atomic<int> word{0};
  std::thread thread([&] { word.wait(0); });
  AwaitBlocked("futex wait");
  const pid_t child = fork();
  if (child == 0) _exit(static_cast<int>(SnapshotThreads().size()));
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(LiveThreads(), 1u);
  word.store(1);
  word.notify_all();
  thread.join();
}

// Handlers of a fork run in the order in which they were registered, in the child; those of others
// come before ours or after.
TEST(ThreadsTest, AHandlerOfAForkMayStartAThread) {
  static bool armed = false;
  static const int registered = pthread_atfork(
      [] {
        if (armed) std::thread([] {}).join();
      },
      nullptr,
      [] {
        if (armed) std::thread([] {}).join();
      });
  ASSERT_EQ(registered, 0);
  armed = true;
  const pid_t child = fork();
  if (child == 0) _exit(static_cast<int>(LiveThreads()));
  armed = false;
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ThreadsTest, ManyLifetimesLeaveNothingBehind) {
  for (int i = 0; i < 10'000; ++i) std::thread([] {}).join();
  EXPECT_EQ(LiveThreads(), 0u);
}

}  // namespace
}  // namespace taskleak::internal
