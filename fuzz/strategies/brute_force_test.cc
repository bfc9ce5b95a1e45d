// The exhaustive strategy against brute force, on programs written by hand: each has something that
// a reduction could take for independent and is not.
#include "fuzz/strategies/brute_force.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "taskleak/error.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;
using taskleak::internal::ExpectTheSame;
using taskleak::internal::ExploreAll;
using taskleak::internal::Found;
using taskleak::internal::Log;
using taskleak::internal::NameOf;
using taskleak::internal::Program;
using taskleak::internal::Reduction;

std::vector<Program> Programs() {
  std::vector<Program> all;
  const auto add = [&all](const std::string& name, const std::function<void(Log&)>& body) {
    all.push_back({name, body});
  };

  add("two senders, one receiver", [](Log& log) {
    const auto ch = MakeChan<int>();
    Go("a", [=] { ch.Send(1); });
    Go("b", [=] { ch.Send(2); });
    log(0, *ch.Recv());
    log(0, *ch.Recv());
  });
  add("a receive too few", [](Log& log) {
    const auto ch = MakeChan<int>();
    Go("a", [=] { ch.Send(1); });
    Go("b", [=] { ch.Send(2); });
    log(0, *ch.Recv());
  });
  add("buffered, two receivers", [](Log& log) {
    const auto ch = MakeChan<int>(2);
    Go("a", [=, &log] { log(1, *ch.Recv()); });
    Go("b", [=, &log] { log(2, *ch.Recv()); });
    ch.Send(1);
    ch.Send(2);
  });
  add("two tries at one value", [](Log& log) {
    const auto ch = MakeChan<int>(1);
    ch.Send(1);
    Go("a", [=, &log] { log(1, ch.TryRecv().ready ? "got" : "not"); });
    log(0, ch.TryRecv().ready ? "got" : "not");
  });
  add("a woken one and a faster one", [](Log& log) {
    const auto m = std::make_shared<Mutex>();
    m->Lock();
    Go("w", [=, &log] {
      m->Lock();
      log(1, "got");
      m->Unlock();
    });
    m->Unlock();
    log(0, m->TryLock() ? "got" : "not");
  });
  add("close against send", [](Log& log) {
    const auto ch = MakeChan<int>(1);
    Go("a", [=, &log] {
      try {
        ch.Send(1);
        log(1, "sent");
      } catch (const ClosedChannelError&) {
        log(1, "closed");
      }
    });
    ch.Close();
    log(0, ch.Recv().has_value() ? "value" : "none");
  });
  add("a panic ends the run", [](Log& log) {
    const auto ch = MakeChan<int>(1);
    const auto other = MakeChan<int>(2);
    Go("a", [=] { ch.Send(1); });
    Go("b", [=] { ch.Close(); });
    Go("c", [=, &log] { log(3, static_cast<std::int64_t>(other.Len())); });
    other.Send(7);
  });
  add("select of two ready", [](Log& log) {
    const auto a = MakeChan<int>(1);
    const auto b = MakeChan<int>(1);
    a.Send(1);
    b.Send(2);
    log(0, static_cast<std::int64_t>(Select(OnRecv(a), OnRecv(b))));
  });
  add("select against two senders", [](Log& log) {
    const auto a = MakeChan<int>();
    const auto b = MakeChan<int>();
    Go("a", [=] { a.Send(1); });
    Go("b", [=] { b.Send(2); });
    for (int i = 0; i < 2; ++i) log(0, static_cast<std::int64_t>(Select(OnRecv(a), OnRecv(b))));
  });
  add("select with default", [](Log& log) {
    const auto a = MakeChan<int>();
    Go("a", [=] { a.Send(1); });
    for (int i = 0; i < 3; ++i) log(0, static_cast<std::int64_t>(Select(OnRecv(a), OnDefault())));
  });
  add("two selects that could serve each other", [](Log& log) {
    const auto a = MakeChan<int>();
    const auto b = MakeChan<int>();
    Go("x", [=, &log] { log(1, static_cast<std::int64_t>(Select(OnSend(a, 1), OnRecv(b)))); });
    log(0, static_cast<std::int64_t>(Select(OnRecv(a), OnSend(b, 2))));
  });
  add("one channel twice in a select", [](Log& log) {
    const auto a = MakeChan<int>();
    Go("x", [=] { a.Send(1); });
    log(0, static_cast<std::int64_t>(Select(OnRecv(a), OnRecv(a))));
  });
  add("select against close", [](Log& log) {
    const auto a = MakeChan<int>();
    const auto b = MakeChan<int>(1);
    Go("x", [=] { a.Close(); });
    Go("y", [=] { b.Send(3); });
    log(0, static_cast<std::int64_t>(Select(OnRecv(a), OnRecv(b))));
    log(0, static_cast<std::int64_t>(b.Len()));
  });
  add("mutex, three tasks", [](Log& log) {
    const auto m = std::make_shared<Mutex>();
    const auto count = std::make_shared<int>(0);
    for (int i = 1; i <= 3; ++i)
      Go("t", [=, &log] {
        m->Lock();
        log(i, ++*count);
        m->Unlock();
      });
  });
  add("locks in two orders", [](Log&) {
    const auto a = std::make_shared<Mutex>();
    const auto b = std::make_shared<Mutex>();
    Go("x", [=] {
      a->Lock();
      b->Lock();
      b->Unlock();
      a->Unlock();
    });
    b->Lock();
    a->Lock();
    a->Unlock();
    b->Unlock();
  });
  add("try lock", [](Log& log) {
    const auto m = std::make_shared<Mutex>();
    Go("x", [=, &log] {
      if (m->TryLock()) {
        log(1, "got");
        m->Unlock();
      }
    });
    m->Lock();
    m->Unlock();
    log(0, m->TryLock() ? "got" : "not");
  });
  add("readers and a writer", [](Log& log) {
    const auto m = std::make_shared<RWMutex>();
    const auto value = std::make_shared<int>(0);
    for (int i = 1; i <= 2; ++i)
      Go("r", [=, &log] {
        m->RLock();
        log(i, *value);
        m->RUnlock();
      });
    m->Lock();
    *value = 1;
    m->Unlock();
  });
  add("a reader twice, a writer between", [](Log& log) {
    const auto m = std::make_shared<RWMutex>();
    Go("w", [=] {
      m->Lock();
      m->Unlock();
    });
    m->RLock();
    m->RLock();
    log(0, "both");
    m->RUnlock();
    m->RUnlock();
  });
  add("try read locks and two writers", [](Log& log) {
    const auto m = std::make_shared<RWMutex>();
    Go("w", [=, &log] { log(1, m->TryLock() ? "got" : "not"); });
    Go("r", [=, &log] { log(2, m->TryRLock() ? "got" : "not"); });
    m->RLock();
    m->RUnlock();
  });
  add("wait group", [](Log& log) {
    const auto wg = std::make_shared<WaitGroup>();
    const auto ch = MakeChan<int>(2);
    wg->Add(2);
    for (int i = 1; i <= 2; ++i)
      Go("t", [=] {
        ch.Send(i);
        wg->Done();
      });
    wg->Wait();
    log(0, *ch.Recv());
  });
  add("wait group, add too late", [](Log& log) {
    const auto wg = std::make_shared<WaitGroup>();
    const auto ch = MakeChan<int>(1);
    Go("t", [=] {
      wg->Add(1);
      ch.Send(1);
      wg->Done();
    });
    wg->Wait();
    log(0, static_cast<std::int64_t>(ch.Len()));
  });
  add("condition missed", [](Log&) {
    const auto m = std::make_shared<Mutex>();
    const auto c = std::make_shared<Cond>(*m);
    Go("w", [=] {
      m->Lock();
      c->Wait();
      m->Unlock();
    });
    m->Lock();
    c->Signal();
    m->Unlock();
  });
  add("two waiters, one signal, one broadcast", [](Log& log) {
    const auto m = std::make_shared<Mutex>();
    const auto c = std::make_shared<Cond>(*m);
    Go("w", [=, &log] {
      m->Lock();
      c->Wait();
      log(1, "woken");
      m->Unlock();
    });
    Go("s", [=] { c->Signal(); });
    c->Broadcast();
  });
  add("once", [](Log& log) {
    const auto once = std::make_shared<Once>();
    const auto ch = MakeChan<int>(1);
    for (int i = 1; i <= 2; ++i) Go("t", [=] { once->Do([=] { ch.Send(i); }); });
    log(0, *ch.Recv());
  });
  add("semaphore", [](Log& log) {
    const auto s = std::make_shared<Semaphore>(2);
    Go("a", [=, &log] {
      s->Acquire(2);
      log(1, "two");
      s->Release(2);
    });
    Go("b", [=, &log] {
      if (s->TryAcquire(1)) {
        log(2, "one");
        s->Release(1);
      }
    });
    s->Acquire(1);
    s->Release(1);
  });
  add("cancel against two selects", [](Log& log) {
    auto [ctx, cancel] = WithCancel(Background());
    const auto ch = MakeChan<int>();
    for (int i = 1; i <= 2; ++i)
      Go("t", [=, &log, ctx = ctx] {
        log(i, static_cast<std::int64_t>(Select(OnRecv(ch), OnRecv(ctx.Done()))));
      });
    Go("s", [=] { static_cast<void>(ch.TrySend(1)); });
    cancel();
  });
  add("a child context, made while its parent ends", [](Log& log) {
    auto [ctx, cancel] = WithCancel(Background());
    Go("t", [&log, ctx = ctx] {
      auto [child, end] = WithCancel(ctx);
      log(1, child.Err() == ContextError::kNone ? "alive" : "ended");
      child.Done().Recv();
    });
    cancel();
  });
  add("a function behind a context", [](Log& log) {
    auto [ctx, cancel] = WithCancel(Background());
    const auto ch = MakeChan<int>(1);
    Go("t", [=, &log, ctx = ctx] {
      const StopFunc stop = AfterFunc(ctx, [=] { ch.Send(1); });
      log(1, stop() ? "stopped" : "ran");
    });
    cancel();
  });
  add("error group", [](Log& log) {
    ErrGroup group;
    for (int i = 1; i <= 2; ++i)
      group.Go([=]() -> std::exception_ptr {
        return std::make_exception_ptr(std::runtime_error(std::to_string(i)));
      });
    try {
      group.Wait();
    } catch (const std::runtime_error& error) {
      log(0, error.what());
    }
  });
  add("early returns and data", [](Log& log) {
    const auto ch = MakeChan<int>();
    Go("t", [=] { ch.Send(1); });
    log(0, FuzzInt(-1, 1));
    if (EarlyReturn("error")) return;
    log(0, *ch.Recv());
  });
  add("atomics", [](Log& log) {
    const auto a = std::make_shared<Atomic<int>>(0);
    const auto b = std::make_shared<Atomic<int>>(0);
    Go("t", [=, &log] {
      a->Store(1);
      log(1, b->Load());
    });
    b->Store(1);
    log(0, a->Load());
  });
  add("plain memory, marked", [](Log& log) {
    const auto value = std::make_shared<int>(0);
    Go("t", [=] {
      const int seen = *value;
      PreemptionPoint();
      *value = seen + 1;
    });
    const int seen = *value;
    PreemptionPoint();
    *value = seen + 1;
    Go("u", [=, &log] { log(2, *value); });
  });
  add("grandchildren", [](Log& log) {
    const auto ch = MakeChan<int>(2);
    Go("a", [=] { Go("c", [=] { ch.Send(1); }); });
    Go("b", [=] { ch.Send(2); });
    log(0, *ch.Recv());
  });
  add("yields", [](Log& log) {
    const auto ch = MakeChan<int>(1);
    Go("a", [=] {
      Yield();
      ch.Send(1);
    });
    Yield();
    log(0, static_cast<std::int64_t>(ch.Len()));
  });
  add("nil channel", [](Log&) { Go("a", [] { Chan<int>().Recv(); }); });
  return all;
}

class AgainstBruteForce : public testing::TestWithParam<Program> {};

TEST_P(AgainstBruteForce, SeesTheSameOutcomes) {
  const Found all = ExploreAll(GetParam(), Reduction::kNone);
  ASSERT_TRUE(all.proven) << all.verdict;
  ExpectTheSame(GetParam(), all);
}

INSTANTIATE_TEST_SUITE_P(Programs, AgainstBruteForce, testing::ValuesIn(Programs()), NameOf);

}  // namespace
