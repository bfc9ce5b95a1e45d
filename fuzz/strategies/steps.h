// The steps of a run in their order of cause and effect, and where that order could be turned.
#ifndef TASKLEAK_FUZZ_STRATEGIES_STEPS_H_
#define TASKLEAK_FUZZ_STRATEGIES_STEPS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/strategies/footprint.h"

namespace taskleak::internal {

// A step is what a process does between two points at which the schedule may choose. A process is
// a task, a timer or a fault that the body allowed; each has a number that holds in every run.
//
// Two steps race when they depend on each other and nothing but that orders them: some other
// schedule runs the later one first. What must be tried for that is the source set of Abdulla,
// Aronis, Jonsson and Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014. In their terms
// every step of ours is enabled from the moment it exists: to wait is a step too, and who is woken
// depends on who woke him. Locks and channels need no rules of their own. Timers do: one is not
// enabled while another is due before it, so that where two jumps race it is the arming of the
// earlier one that must be turned.
class Steps {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  enum class Kind : std::uint8_t {
    kTask,
    kFault,
    kJump,      // A timer's firing, and the clock's jump that goes with it.
    kIdleJump,  // The same, which could only come when nothing else could move.
  };

  struct Step {
    std::uint32_t process = 0;
    Kind kind = Kind::kTask;
    std::size_t node = kNone;   // Where the schedule chose it; kNone: it was the only one.
    std::size_t cause = kNone;  // The step that made it possible: created, woke or armed it.
    Footprint touched;
  };

  // A process with which a turned order may begin, and what its step touched in the present one.
  struct First {
    std::uint32_t process;
    const Footprint* touched;
  };

  // Who is told of the races.
  class Races {
   public:
    // At `node` one of `first` is to be explored. False if none of them could go there.
    virtual bool Want(std::size_t node, std::span<const First> first) = 0;
    virtual void WantAll(std::size_t node) = 0;
    // Adds the steps that armed those timers that were due at `node`.
    virtual void AddArms(std::size_t node, std::vector<std::size_t>& steps) const = 0;

   protected:
    ~Races() = default;
  };

  std::size_t size() const { return size_; }
  const Step& operator[](std::size_t i) const { return steps_[i]; }
  Step& back() { return steps_[size_ - 1]; }
  // Forgets all steps from number `size` on.
  void Truncate(std::size_t size) { size_ = size; }
  Step& Append(std::uint32_t process);
  // The last step has done all it does.
  void Finish(Races& races);
  // Looks for the races of a step that did not happen, but could have behind step number `last`.
  void FinishVirtual(const Step& step, std::size_t last, Races& races);

 private:
  using Clock = std::vector<std::uint32_t>;  // Of each process the last step before, plus one.

  bool Before(std::size_t step, const Clock& clock) const {
    const std::uint32_t process = steps_[step].process;
    return process < clock.size() && clock[process] > step;
  }
  static void Join(Clock& clock, const Clock& other);
  void FindRaces(const Step& step, std::size_t end, Clock& clock, Races& races);
  bool Report(std::size_t race, const Step& step, std::size_t end, const Clock& clock,
              Races& races);
  void AddArm(std::size_t arm, const Step& jump);

  std::vector<Step> steps_;  // The first size_ of them; the others are kept for their memory.
  std::vector<Clock> clocks_;
  std::size_t size_ = 0;
  // Scratch.
  Clock clock_;
  std::vector<std::size_t> races_;
  std::vector<std::size_t> behind_;
  std::vector<std::size_t> arms_;
  std::vector<First> first_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_STEPS_H_
