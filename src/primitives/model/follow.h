// Leads the simulator along the model: a decider that takes the model's steps one by one, and says
// where the simulator does not do the same.
#ifndef TASKLEAK_PRIMITIVES_MODEL_FOLLOW_H_
#define TASKLEAK_PRIMITIVES_MODEL_FOLLOW_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/primitives/model/model.h"
#include "src/runtime/sim/decider.h"

namespace taskleak::model {

// The states that runs have come to, and which steps none has taken yet. There are far fewer steps
// than schedules: 10,000 runs see every step of a program that has millions of schedules.
class Atlas {
 public:
  explicit Atlas(const Program& program);

  // Begins a run: it is led to where a step is left to take. False: every step has been taken.
  bool Begin();
  const State& state() const { return state_; }
  // The run's next step. Not at a state that has none.
  Step Next();
  std::size_t states() const { return nodes_.size(); }

 private:
  struct Node {
    std::vector<Step> steps;
    std::size_t taken = 0;  // That many of them, from the first on.
    // How it was reached first.
    const Node* from = nullptr;
    Step by;
  };
  void GoToStart();
  void PassSilent();
  Node* Visit(const Node* from, Step by);

  const Program& program_;
  State state_;
  Node* here_ = nullptr;
  std::vector<Step> lead_;  // The steps to be taken first, the next one last.
  std::unordered_map<State, Node, StateHash> nodes_;
  std::vector<Node*> open_;  // Where steps are left.
};

// Decides for one run after the other. The run's body starts the program's tasks, in order and
// before any other, and then stands aside at a preemption point, where this leaves it until nobody
// else can go on: so there is always a choice, and this is asked at every step.
class Follower final : public internal::Decider {
 public:
  Follower(const Program& program, Atlas* atlas) : program_(program), atlas_(*atlas) {}

  void BeginRun();
  // Where simulator and model parted, in a sentence; empty: they did not.
  const std::string& mismatch() const { return mismatch_; }
  // The steps that were taken, a line for each.
  std::string Trail() const;

  internal::Choice Schedule(const internal::SchedulePoint& point) override;
  std::uint32_t Case(internal::SimTask* task, const internal::Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(internal::SimTask*, const internal::Operation&) override { return false; }
  std::int64_t Data(internal::SimTask*, const internal::Operation&, std::int64_t, std::int64_t,
                    std::int64_t canonical) override {
    return canonical;
  }

 private:
  internal::Choice Part(const internal::SchedulePoint& point, std::string sentence);

  const Program& program_;
  Atlas& atlas_;
  std::string mismatch_;
  // Whose next operation is announced, so that it is done as soon as they are chosen. The others
  // that can run have something to finish first, which nobody notices.
  std::array<bool, kMaxTasks> announced_ = {};
  struct Taken {
    Step step;
    const Op* op;
    unsigned choices;  // That its task had.
  };
  std::vector<Taken> trail_;
};

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_FOLLOW_H_
