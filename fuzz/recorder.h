// Writes down a run, for its report.
#ifndef TASKLEAK_FUZZ_RECORDER_H_
#define TASKLEAK_FUZZ_RECORDER_H_

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/runtime/sim/observer.h"
#include "src/runtime/sim/simulator.h"
#include "taskleak/trace.h"

namespace taskleak::internal {

// Serves one run. A run of more than `max_events` is recorded from its beginning up to there.
class Recorder final : public Observer {
 public:
  explicit Recorder(const Simulator& simulator, std::size_t max_events = 1'000'000)
      : simulator_(simulator), max_events_(max_events) {}

  void OnTask(const SimTask& task, std::uint32_t parent, const Site& site) override;
  void OnBefore(const SimTask& task, const Operation& op) override;
  void OnAfter(const SimTask& task, const Operation& op, std::uint32_t outcome) override;
  void OnPark(const SimTask& task, const Operation& op) override;
  void OnUnpark(const SimTask& task) override;
  void OnEnd(const SimTask& task) override;
  void OnTimer(const TimerNode& timer) override;
  void OnException(const LoggedException& exception, const SimTask& anchor) override;

  Trace Take(std::uint64_t hash);

 private:
  TraceEvent* Add(TraceEvent::Kind kind, const SimTask& task);
  void Describe(TraceEvent& event, const SimTask& task, const Operation& op);

  const Simulator& simulator_;
  const std::size_t max_events_;
  Trace trace_;
  std::map<std::pair<std::uint32_t, OpKind>, std::uint32_t>
      counts_;  // How many of each operation a task has begun.
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_RECORDER_H_
