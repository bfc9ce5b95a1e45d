#include "fuzz/strategies/steps.h"

#include <algorithm>

namespace taskleak::internal {

Steps::Step& Steps::Append(std::uint32_t process) {
  if (size_ == steps_.size()) {
    steps_.emplace_back();
    clocks_.emplace_back();
  }
  Step& step = steps_[size_++];
  step.process = process;
  step.kind = Kind::kTask;
  step.node = step.cause = kNone;
  step.touched.Clear();
  return step;
}

void Steps::Join(Clock& clock, const Clock& other) {
  if (clock.size() < other.size()) clock.resize(other.size());
  for (std::size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

void Steps::Finish(Races& races) {
  const std::size_t end = size_ - 1;
  const Step& step = steps_[end];
  Clock& clock = clocks_[end];
  clock.clear();
  FindRaces(step, end, clock, races);
  if (clock.size() <= step.process) clock.resize(step.process + 1);
  clock[step.process] = static_cast<std::uint32_t>(end) + 1;
}

void Steps::FinishVirtual(const Step& step, std::size_t last, Races& races) {
  clock_.clear();
  FindRaces(step, last + 1, clock_, races);
}

// From the latest step on: an earlier one that is before a later one is no race of this step's.
void Steps::FindRaces(const Step& step, std::size_t end, Clock& clock, Races& races) {
  if (step.cause != kNone) Join(clock, clocks_[step.cause]);
  races_.clear();
  for (std::size_t i = end; i-- > 0;) {
    if (Before(i, clock)) continue;
    const Step& other = steps_[i];
    // A fault may have kept the clock from jumping; that is tried wherever nothing else can move.
    const bool stopped = other.kind == Kind::kIdleJump && step.kind == Kind::kFault;
    if (!stopped && other.process != step.process && step.kind != Kind::kIdleJump) {
      if (!Dependent(other.touched, step.touched)) continue;
      races_.push_back(i);
    }
    Join(clock, clocks_[i]);
  }
  // NOLINTNEXTLINE(modernize-loop-convert): AddArm makes it longer.
  for (std::size_t k = 0; k < races_.size(); ++k) {
    const Step& other = steps_[races_[k]];
    arms_.clear();
    if (other.node == kNone) {  // Nothing else could go; a timer because it was the first due.
      if (other.kind == Kind::kJump) arms_.push_back(other.cause);
    } else if (!Report(races_[k], step, end, clock, races)) {
      if (step.kind != Kind::kJump)
        races.WantAll(other.node);
      else
        races.AddArms(other.node, arms_);
    }
    // The jump was kept from going by a timer that was due before it, and armed there.
    if (step.kind != Kind::kJump) continue;
    for (const std::size_t arm : arms_) AddArm(arm, step);
  }
}

// There is no race with it if the jump's own timer would not be armed without it.
void Steps::AddArm(std::size_t arm, const Step& jump) {
  if (arm == kNone || jump.cause == kNone || Before(arm, clocks_[jump.cause])) return;
  if (std::find(races_.begin(), races_.end(), arm) == races_.end()) races_.push_back(arm);
}

// What comes behind `race` and does not depend on it may as well come before it, and then the step.
bool Steps::Report(std::size_t race, const Step& step, std::size_t end, const Clock& clock,
                   Races& races) {
  behind_.clear();
  first_.clear();
  for (std::size_t i = race + 1; i < end; ++i) {
    if (Before(race, clocks_[i])) continue;
    const bool first = std::none_of(behind_.begin(), behind_.end(), [&](std::size_t earlier) {
      return Before(earlier, clocks_[i]);
    });
    behind_.push_back(i);
    if (first) first_.push_back({steps_[i].process, &steps_[i].touched});
  }
  const bool first = std::none_of(behind_.begin(), behind_.end(),
                                  [&](std::size_t earlier) { return Before(earlier, clock); });
  if (first) first_.push_back({step.process, &step.touched});
  return races.Want(steps_[race].node, first_);
}

}  // namespace taskleak::internal
