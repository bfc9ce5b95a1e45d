// The program's objects, its tasks, and how they are got out of their waits.
#include "src/primitives/model/runner.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "taskleak/taskleak.h"

namespace taskleak::model {

void Recorder::Add(int task, Result result) {
  Row& row = rows_[task];
  const std::uint8_t count = row.count.load(std::memory_order_relaxed);
  row.results[count] = result;
  row.count.store(count + 1, std::memory_order_release);
}

void Recorder::End(int task, Fate fate) { rows_[task].fate.store(fate, std::memory_order_release); }

bool Recorder::Ended(int task) const {
  return rows_[task].fate.load(std::memory_order_acquire) != Fate::kNotEnded;
}

Outcome Recorder::Read() const {
  Outcome outcome;
  for (int task = 0; task < kMaxTasks; ++task) {
    outcome[task].fate = rows_[task].fate.load(std::memory_order_acquire);
    outcome[task].count = rows_[task].count.load(std::memory_order_acquire);
    std::copy_n(rows_[task].results.begin(), outcome[task].count, outcome[task].results.begin());
  }
  return outcome;
}

namespace {

Result Received(const std::optional<int>& value) {
  return value.has_value() ? static_cast<Result>(*value) : kDone;
}
Result Received(const std::optional<Unit>& value) {
  return value.has_value() ? kNotReady : kDone;  // Nothing ever sends on a done channel.
}
template <class T>
Result Received(const TryResult<T>& tried) {
  return tried.ready ? Received(tried.value) : kNotReady;
}
Result Tried(bool done) { return done ? kDone : kNotReady; }

bool ConcernsClosure(Fate panic) {
  return panic == Fate::kSendOnClosed || panic == Fate::kCloseOfClosed;
}

// For what may have been done already, or cannot be done any more.
template <class F>
void Attempt(F f) {
  try {
    f();
  } catch (const Panic&) {  // NOLINT(bugprone-empty-catch): that is what it is for.
  }
}

}  // namespace

struct Runner::Objects {
  explicit Objects(const Program& program) {
    for (const Channel& channel : program.channels)
      channels.push_back(channel.nil ? Chan<int>() : MakeChan<int>(channel.capacity));
    std::tie(contexts[0], cancels[0]) = WithCancel(Background());
    std::tie(contexts[1], cancels[1]) = WithCancel(contexts[0]);
  }

  // Does it, and says what it gave.
  Result Perform(const Op& op) {
    switch (op.kind) {
      case OpKind::kSend:
        return channels[op.cases[0].channel].Send(op.cases[0].value), kDone;
      case OpKind::kTrySend:
        return Tried(channels[op.cases[0].channel].TrySend(op.cases[0].value));
      case OpKind::kRecv:
        return WithReceiver(op.cases[0], [](const auto& c) { return Received(c.Recv()); });
      case OpKind::kTryRecv:
        return WithReceiver(op.cases[0], [](const auto& c) { return Received(c.TryRecv()); });
      case OpKind::kSelect:
        return PerformSelect(op);
      case OpKind::kClose:
        return channels[op.object].Close(), kDone;
      case OpKind::kLock:
        return rwmutexes[op.object].Lock(), kDone;
      case OpKind::kUnlock:
        return rwmutexes[op.object].Unlock(), kDone;
      case OpKind::kTryLock:
        return Tried(rwmutexes[op.object].TryLock());
      case OpKind::kRLock:
        return rwmutexes[op.object].RLock(), kDone;
      case OpKind::kRUnlock:
        return rwmutexes[op.object].RUnlock(), kDone;
      case OpKind::kTryRLock:
        return Tried(rwmutexes[op.object].TryRLock());
      case OpKind::kMutexLock:
        return mutex.Lock(), kDone;
      case OpKind::kMutexUnlock:
        return mutex.Unlock(), kDone;
      case OpKind::kMutexTryLock:
        return Tried(mutex.TryLock());
      case OpKind::kAdd:
        return wait_group.Add(op.count), kDone;
      case OpKind::kDone:
        return wait_group.Done(), kDone;
      case OpKind::kWait:
        return wait_group.Wait(), kDone;
      case OpKind::kCancel:
        return cancels[op.object](), kDone;
      case OpKind::kErr:
        return contexts[op.object].Err() == ContextError::kCanceled ? 1 : 0;
    }
    return kNotReady;
  }

  Result PerformSelect(const Op& op) {
    Result got = kDone;  // By the handler of the case that is chosen.
    Selector select;
    for (const Case& c : op.cases) {
      if (c.send)
        select.Send(channels[c.channel], c.value);
      else
        WithReceiver(c, [&](const auto& channel) {
          using T = typename std::remove_cvref_t<decltype(channel)>::value_type;
          select.Recv(channel, [&got](std::optional<T> value) { got = Received(value); });
          return kDone;
        });
    }
    if (op.has_default) select.Default();
    const std::size_t chosen = select.Wait();
    if (chosen == op.cases.size()) return kNotReady;
    return Chosen(static_cast<int>(chosen), got);
  }

  template <class F>
  Result WithReceiver(const Case& c, F f) {
    if (c.channel < kFirstDone) return f(channels[c.channel]);
    return f(contexts[c.channel - kFirstDone].Done());
  }

  std::vector<Chan<int>> channels;
  std::array<Context, kContexts> contexts;
  std::array<CancelFunc, kContexts> cancels;
  std::array<RWMutex, kRWMutexes> rwmutexes;
  Mutex mutex;
  WaitGroup wait_group;
};

Runner::Runner(const Program& program, Recorder* recorder)
    : program_(program), recorder_(recorder), objects_(std::make_shared<Objects>(program)) {}

void Runner::Start() {
  for (int task = 0; task < static_cast<int>(program_.tasks.size()); ++task) {
    ids_.push_back(Go([objects = objects_, &ops = program_.tasks[task], task,
                       recorder = recorder_] { RunTask(*objects, ops, task, recorder); }));
  }
}

// Static, and with a reference to the objects of its own: the runner may be gone.
void Runner::RunTask(Objects& objects, const std::vector<Op>& ops, int task, Recorder* recorder) {
  Fate fate = Fate::kFinished;
  try {
    for (const Op& op : ops) recorder->Add(task, objects.Perform(op));
  } catch (const ClosedChannelError& error) {
    fate = PanicOf(error.what());
    if (!ConcernsClosure(fate)) fate = Fate::kOtherPanic;
  } catch (const Panic& error) {
    fate = PanicOf(error.what());
    if (ConcernsClosure(fate)) fate = Fate::kOtherPanic;
  }
  recorder->End(task, fate);
}

bool Runner::Ended() const {
  for (int task = 0; task < static_cast<int>(ids_.size()); ++task)
    if (!recorder_->Ended(task)) return false;
  return true;
}

bool Runner::Settled() const {
  // Who has ended is asked first: a task that ended after the snapshot may have woken another one
  // that the snapshot shows blocked.
  std::vector<TaskId> left;
  for (int task = 0; task < static_cast<int>(ids_.size()); ++task)
    if (!recorder_->Ended(task)) left.push_back(ids_[task]);
  const std::vector<TaskSnapshot> snapshot = TaskRegistry::Global().Snapshot();
  return std::all_of(left.begin(), left.end(), [&](TaskId id) {
    return std::any_of(snapshot.begin(), snapshot.end(), [id](const TaskSnapshot& task) {
      return task.id == id && task.state == TaskState::kBlocked;
    });
  });
}

void Runner::Rescue() {
  for (const CancelFunc& cancel : objects_->cancels) cancel();
  for (const Chan<int>& channel : objects_->channels) Attempt([&] { channel.Close(); });
  Attempt([&] { objects_->mutex.Unlock(); });
  for (RWMutex& rw : objects_->rwmutexes) {
    Attempt([&] { rw.Unlock(); });
    Attempt([&] { rw.RUnlock(); });
  }
  Attempt([&] { objects_->wait_group.Done(); });
}

Outcome RunAndRescue(const Program& program) {
  Recorder recorder;
  Runner runner(program, &recorder);
  runner.Start();
  while (!runner.Settled()) Yield();
  const Outcome outcome = recorder.Read();
  while (!runner.Ended()) {
    runner.Rescue();
    Yield();
  }
  return outcome;
}

}  // namespace taskleak::model
