#include "harness/explore/fuzz_session.h"

#include <utility>

#include "fuzz/replay.h"
#include "src/runtime/sim/observer_pair.h"

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

bool FuzzSession::Run(Decider& decider, Observer* observer) {
  decisions_.Begin();
  watching_.Begin(decider);
  if (coverage_.has_value()) coverage_->Begin();
  Observer* const coverage = coverage_.has_value() ? &*coverage_ : nullptr;
  ObserverPair both(coverage, observer);
  Explorer::Outcome outcome = explorer_.Run(watching_, observer == nullptr ? coverage : &both);
  if (coverage_.has_value()) coverage_->End();
  decisions_.End(explorer_.paths());
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
  const SearchLock lock("LayoutOf");
  return Explorer(body, std::move(options)).Layout();
}

}  // namespace taskleak::internal
