// A schedule as text that a person can read and edit.
#ifndef TASKLEAK_FUZZ_SCRIPT_H_
#define TASKLEAK_FUZZ_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/runtime/sim/decider.h"
#include "src/runtime/sim/observer.h"
#include "taskleak/schedule.h"
#include "taskleak/trace.h"

namespace taskleak::internal {

// One line for each entry, in the order in which they came in the run that `trace` is of:
//
//   hold worker-1 from its 2nd receive
//   worker-2 at its 3rd send: collector runs first
//   worker-2 at its 1st select: takes case 2
//   root at its 2nd early return: returns
//   root at its 4th send: timer 1 of worker-3 fires
//   root at its 5th receive: fault 1 of root happens
//   root at its 1st fuzz data: gives -7
//   without early timers                     (also: early returns, cancels, closes, holds, data)
//   limit 5000 operations
//
// A task is called by its name where no other task has it, else by its path (root.2.1). Operations
// are counted by kind, as the report counts them; "12th operation" counts all; "start" is before
// the first. ", 2nd decision" follows where more than one fell during the operation. '#' begins a
// comment. Entries that the run did not come to are written by path and number.
std::string WriteScript(const taskleak::Schedule& schedule, const Trace& trace);

// A script that was read. What its names and counts mean is known only when a body runs: it is a
// decider, and the run's log is the schedule.
class Script final : public Decider, private Observer {
 public:
  // Throws UsageError, which names the line and what is wrong with it.
  explicit Script(std::string_view text);

  // Before the one run it is for, which it must watch.
  Observer* observer() { return this; }
  std::uint64_t max_steps() const { return max_steps_; }
  std::uint8_t faults() const { return faults_; }
  // After it: the lines that it did not come to, or that were not possible when it did.
  std::vector<std::string> Unused() const;

  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

 private:
  using Observer::OnTask;

  struct Line {
    std::string text;
    std::string task;
    std::string operation;  // As OpName says it; "operation": any; "start": before the first.
    std::uint32_t nth = 0;
    std::uint32_t sub = 0;
    ScheduleEntry::Kind kind = ScheduleEntry::Kind::kTask;
    std::string target;
    std::int64_t value = 0;
    bool used = false;
  };
  struct TaskOfRun {
    SimTask* task;  // Of somebody else, once it has ended.
    std::string path;
    std::string name;
    std::vector<std::uint32_t> begun;  // By kind of operation.
  };

  void OnBefore(const SimTask& task, const Operation& op) override;
  static Line ParseLine(std::string_view text);
  bool ParseSetting(std::string_view text);
  bool IsNamed(std::uint32_t id, const std::string& name) const;
  bool IsAt(const Line& line, const SimTask& task, std::uint32_t sub) const;
  Line* ValueAt(const SimTask& task, ScheduleEntry::Kind kind);

  std::vector<Line> lines_;
  std::vector<TaskOfRun> tasks_;  // Index: id - 1.
  std::uint64_t max_steps_ = taskleak::Schedule().max_steps;
  std::uint8_t faults_ = kAllFaults;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_SCRIPT_H_
