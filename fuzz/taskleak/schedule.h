// A schedule as a value: the exceptions to the canonical run.
#ifndef TASKLEAK_SCHEDULE_H_
#define TASKLEAK_SCHEDULE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taskleak {

// Names a task in every run: which child of which child of the root. The root is empty; {2, 1} is
// root.2.1.
using TaskPath = std::vector<std::uint32_t>;

// "root.2.1".
std::string ToString(const TaskPath& path);

// One decision that goes otherwise than in the canonical run. Keyed by which task and which of its
// operations, so that a change in one place leaves the others alone; an entry that is not reached,
// or not possible when it is, is ignored.
struct ScheduleEntry {
  enum class Kind : std::uint8_t {
    kTask,   // Before (or after) the operation, `target` runs first. One that is held is released.
    kTimer,  // The timer number `value` of `target` fires, though tasks can run or another is due.
    kFault,  // What `target` allowed with its `value`th MayCancel or MayClose happens.
    kHold,   // From this operation on the task is kept behind all others and the timers.
    kCase,   // The select takes its case number `value`.
    kEarlyReturn,  // EarlyReturn says yes.
    kData,         // FuzzInt or FuzzBool gives `value`.
  };

  TaskPath task = {};     // Whose operation.
  std::uint32_t op = 0;   // Which of its operations, from 1; 0: before the first.
  std::uint32_t sub = 0;  // Which of the decisions that fell during it.
  Kind kind = Kind::kTask;
  TaskPath target = {};
  std::int64_t value = 0;

  friend auto operator<=>(const ScheduleEntry&, const ScheduleEntry&) = default;
};

// What a schedule may do beside ordering tasks, as bits.
enum FaultBits : std::uint8_t {
  kEarlyReturns = 1,
  kCancels = 2,
  kCloses = 4,
  kEarlyTimers = 8,
  kHolds = 16,
  kFuzzedData = 32,
  kAllFaults = 63,
};

// The empty schedule is the canonical run, the simplest there is; deleting an entry makes a
// schedule simpler. Entries are sorted and without duplicates. Any thread may use one of its own.
class Schedule {
 public:
  Schedule() = default;
  explicit Schedule(std::vector<ScheduleEntry> entries);

  const std::vector<ScheduleEntry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  // What the run is to be given beside the entries: part of the token.
  std::uint64_t max_steps = 100'000;
  std::uint8_t faults = kAllFaults;
  // Of the body's canonical run when the schedule was found, which says which decisions there are;
  // 0: unknown. A replay compares it, since entries may mean something else, or nothing, under
  // another layout.
  std::uint32_t layout = 0;

  // The payload: total (every byte string is a schedule) and canonical (Decode(Encode(s)) == s for
  // every s, and encoding what was decoded gives the shortest form).
  std::string Encode() const;
  static Schedule Decode(std::string_view payload);

  // The payload in a wrapper for people's hands: "t1." and base64url of limits, layout, payload
  // and checksum. FromToken throws UsageError, with the reason in a sentence, for what is not a
  // whole token of this version.
  std::string Token() const;
  static Schedule FromToken(std::string_view token);

  friend bool operator==(const Schedule&, const Schedule&) = default;

 private:
  std::vector<ScheduleEntry> entries_;
};

}  // namespace taskleak

#endif  // TASKLEAK_SCHEDULE_H_
