#include "harness/explore/fuzz_session.h"

#include <utility>

#include "fuzz/replay.h"

namespace taskleak::internal {

FuzzSession::FuzzSession(Body body, ExploreOptions options, std::span<std::uint8_t> counters)
    : options_(std::move(options)), explorer_(std::move(body), options_) {
  if (!counters.empty()) coverage_.emplace(counters);
}

bool FuzzSession::RunPayload(std::string_view payload) {
  return RunSchedule(Schedule::Decode(payload));
}

bool FuzzSession::RunSchedule(const Schedule& schedule) {
  ReplayDecider decider(schedule);
  decider.Begin();
  return Run(decider);
}

bool FuzzSession::Run(Decider& decider) {
  decisions_.Begin();
  watching_.Begin(decider);
  if (coverage_.has_value()) coverage_->Begin();
  Explorer::Outcome outcome =
      explorer_.Run(watching_, coverage_.has_value() ? &*coverage_ : nullptr);
  if (coverage_.has_value()) coverage_->End();
  decisions_.End(explorer_.paths());
  layout_ = watching_.layout() ^ outcome.run.trace_hash;
  ++runs_;
  failed_.reset();
  if (!outcome.verdict.has_value()) return true;
  failed_ = std::move(outcome);
  return false;
}

Failure FuzzSession::Explain() {
  ExploreResult result;
  result.schedules = runs_;
  explorer_.Found(result, *std::exchange(failed_, std::nullopt));
  return *std::move(result.failure);
}

std::uint64_t LayoutOf(const Body& body, ExploreOptions options) {
  options.quiet = true;
  FuzzSession session(body, std::move(options), {});
  session.RunSchedule(Schedule());
  return session.layout();
}

}  // namespace taskleak::internal
