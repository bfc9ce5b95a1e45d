// The referee: runs a program on the simulator and compares what comes of it with the model.
#ifndef TASKLEAK_PRIMITIVES_MODEL_REFEREE_H_
#define TASKLEAK_PRIMITIVES_MODEL_REFEREE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "src/primitives/model/outcome.h"
#include "src/primitives/model/program.h"
#include "src/runtime/sim/decider.h"
#include "src/runtime/sim/simulator.h"

namespace taskleak::model {

struct Verdict {
  std::string mismatch;  // Empty: there is none.
  std::uint64_t runs = 0;
  bool exhausted = false;      // Every schedule was run.
  std::set<Outcome> observed;  // Outcomes, each that was seen.
};

// One at a time in a process, as there is one simulation at a time. Keeps the simulator's stacks
// from program to program.
class Referee {
 public:
  // Every schedule, depth first, up to that many. Stops at the first outcome that is not allowed.
  // An exhausted search also has to have seen all that are.
  Verdict TryEverySchedule(const Program& program, const std::set<Outcome>& allowed,
                           std::uint64_t max_runs);
  // That many random walks.
  Verdict TryRandomSchedules(const Program& program, const std::set<Outcome>& allowed,
                             std::uint64_t runs);
  // Follows the model through its states, see follow.h: every step of every state that the program
  // can reach is taken once by the simulator, as long as these are at most that many runs.
  Verdict FollowModel(const Program& program, std::uint64_t max_runs) {
    return FollowModelOf(program, program, max_runs);
  }
  // The same, with the model of another program than the one that is run.
  Verdict FollowModelOf(const Program& modelled, const Program& program, std::uint64_t max_runs);
  // That many random walks with RunAndRescue, after which no task may be left.
  Verdict TryRescue(const Program& program, const std::set<Outcome>& allowed, std::uint64_t runs);

 private:
  // One run, in which the root ends at once or, for a follower, stands aside. Nullopt: it did not
  // end as a program's can, as the verdict then says.
  std::optional<Outcome> RunOnce(const Program& program, bool stands_aside,
                                 internal::Decider& decider, Verdict* verdict);
  // True: it came to something that is allowed.
  bool RunAndJudge(const Program& program, const std::set<Outcome>& allowed,
                   internal::Decider& decider, Verdict* verdict);

  internal::Simulator simulator_;
};

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_REFEREE_H_
