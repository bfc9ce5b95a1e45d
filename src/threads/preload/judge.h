// Who is stuck, and how sure that is.
#ifndef TASKLEAK_THREADS_PRELOAD_JUDGE_H_
#define TASKLEAK_THREADS_PRELOAD_JUDGE_H_

#include <stddef.h>
#include <stdint.h>

#include "src/threads/look.h"
#include "src/threads/preload/maps.h"
#include "src/threads/preload/reach.h"

namespace taskleak::internal {

// From the least sure to the surest.
enum class ThreadVerdict : uint8_t {
  kNone,     // Runs, has a time limit, has ended, or serves taskleak.
  kIdle,     // Waits for work at an object that a module's data leads to: a note.
  kSuspect,  // Blocked without a time limit; something might still wake it.
  kProven,   // Nothing in the process can wake it.
};
const char* ToString(ThreadVerdict verdict);

enum class When {
  kAtExit,   // Called by the thread that ends the process, after the static destructors.
  kRunning,  // Called by a thread of taskleak's own, or in a signal's handler: the first thread
             // counts like any other.
};

// All threads at one moment. Memory of its own, given back by the destructor.
//
// Proven: every thread but the caller, and those of taskleak's, is in a wait without a time limit
// that only another thread of this process could end; none of them moved between two looks (the
// same wait, as often on a processor, for as long, and none on its way into or out of one, for
// which it waits up to 20 ms); and no signal has a handler that could wake one. Anything else that
// is blocked without a time limit is suspect.
class Judgement {
 public:
  explicit Judgement(When when);
  ~Judgement();
  Judgement(const Judgement&) = delete;
  Judgement& operator=(const Judgement&) = delete;

  size_t size() const { return count_; }
  const taskleak_v1_look& look(size_t i) const { return looks_[i]; }
  ThreadVerdict verdict(size_t i) const { return verdicts_[i]; }
  size_t Count(ThreadVerdict verdict) const;
  const taskleak_v1_threads_interface& threads() const { return threads_; }
  const Maps& maps() const { return maps_; }

 private:
  bool Collect(When when);
  bool Settled() const;
  bool AnybodyRuns() const;
  int SanitizersThread() const;
  bool NobodyCanWakeThem(When when) const;
  bool StoodStill();
  bool Linger(When when);
  void Exclude();

  const taskleak_v1_threads_interface& threads_;
  Maps maps_;
  taskleak_v1_look* looks_ = nullptr;
  taskleak_v1_look* again_ = nullptr;
  ThreadVerdict* verdicts_ = nullptr;
  Excluded* excluded_ = nullptr;
  size_t excluded_count_ = 0;
  size_t count_ = 0;
};

// Whichever copy tracks the process.
const taskleak_v1_threads_interface& TrackingThreads();

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_JUDGE_H_
