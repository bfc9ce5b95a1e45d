// Runs a program with the public interface alone: on the simulator when called by a task of a run,
// on the native runtime when called outside.
#ifndef TASKLEAK_PRIMITIVES_MODEL_RUNNER_H_
#define TASKLEAK_PRIMITIVES_MODEL_RUNNER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "src/primitives/model/outcome.h"
#include "src/primitives/model/program.h"
#include "taskleak/task.h"

namespace taskleak::model {

// What the tasks of a program write down. Each task writes its own row; anybody may read: what a
// reader sees of a row is what its task had published, by `count` and `fate`, at some moment.
class Recorder {
 public:
  void Add(int task, Result result);
  void End(int task, Fate fate);
  bool Ended(int task) const;
  Outcome Read() const;

 private:
  struct Row {
    std::array<Result, kMaxOps> results = {};
    std::atomic<std::uint8_t> count{0};
    std::atomic<Fate> fate{Fate::kNotEnded};
  };
  std::array<Row, kMaxTasks> rows_;
};

// A program under way. Used by the one task, or natively the one thread, that made it. The program
// and the recorder must outlive its tasks.
class Runner {
 public:
  Runner(const Program& program, Recorder* recorder);

  // Starts the program's tasks. Nothing waits for them. A panic ends its task only.
  void Start();
  // Whether every task has ended or stands blocked, so that nothing can happen any more.
  bool Settled() const;
  bool Ended() const;  // All of them.
  // Does once whatever could end a wait: closes, cancels, unlocks, counts down. Tasks that go on
  // may come to wait again, so it is called until all have ended; which they do, one operation
  // after the other, if the program can be rescued. What they record meanwhile means nothing.
  void Rescue();

 private:
  struct Objects;
  static void RunTask(Objects& objects, const std::vector<Op>& ops, int task, Recorder* recorder);

  const Program& program_;
  Recorder* const recorder_;
  std::shared_ptr<Objects> objects_;
  std::vector<TaskId> ids_;
};

// Starts the program, waits until it has settled, rescues what is blocked, and waits for the end of
// its tasks, so that none is left. What it had come to when it had settled. For programs that can
// be rescued.
Outcome RunAndRescue(const Program& program);

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_RUNNER_H_
