#include "harness/explore/gauge.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace taskleak {
namespace internal {

static_assert(Confidence::kDepths == PctRuns::kDepths);

Observer* Gauge::Watch(Observer* own) {
  const std::uint64_t run = confidence_.schedules;
  sampling_ = own == nullptr && (run < kFirst || run % kSampleEvery == 0);
  if (!sampling_) return own;
  coverage_.Begin();
  return &coverage_;
}

void Gauge::Count(const RunResult& run) {
  ++confidence_.schedules;
  traces_.Insert(run.trace_hash);
  if (!sampling_) return;
  ++confidence_.sampled;
  if (coverage_.pairs() > confidence_.pairs) confidence_.last_new_pair = confidence_.sampled;
  confidence_.pairs = coverage_.pairs();
}

Confidence Gauge::Take(const PctRuns& pct) const {
  Confidence confidence = confidence_;
  confidence.traces = traces_.size();
  confidence.traces_at_least = traces_.full();
  std::copy(std::begin(pct.runs), std::end(pct.runs), std::begin(confidence.pct_runs));
  confidence.pct_tasks = pct.tasks;
  confidence.pct_points = pct.points;
  return confidence;
}

}  // namespace internal

namespace {

// "12 %", "0.4 %", "100 %": rounded up, as it stands for a bound.
std::string Percent(double probability) {
  const double percent = probability * 100;
  const double unit = percent < 1 ? 0.01 : percent < 99 ? 1 : 0.1;
  char text[32];
  std::snprintf(text, sizeof(text), "%g %%", std::max(0.01, std::ceil(percent / unit) * unit));
  return text;
}

}  // namespace

std::optional<double> Confidence::Missed(int depth) const {
  if (depth < 1 || depth > kDepths || pct_runs[depth - 1] == 0) return std::nullopt;
  const double runs = static_cast<double>(pct_runs[depth - 1]);
  const double found =
      1 / (static_cast<double>(pct_tasks) * std::pow(static_cast<double>(pct_points), depth - 1));
  // By way of the logarithm: of 1e-9 and a million runs nothing else would be left.
  return found >= 1 ? 0 : std::exp(runs * std::log1p(-found));
}

std::string Confidence::Text() const {
  std::string text = std::to_string(schedules) + (schedules == 1 ? " schedule, " : " schedules, ") +
                     (traces_at_least ? "at least " : "") + std::to_string(traces) +
                     (traces == 1 ? " trace" : " traces");
  if (pairs > 0)
    text += "; " + std::to_string(pairs) + (pairs == 1 ? " pair" : " pairs") +
            " of operations, the last new one in run " + std::to_string(last_new_pair) + " of " +
            std::to_string(sampled) + " sampled";
  std::string depths;
  std::string bounds;
  for (int depth = 1; depth <= kDepths; ++depth) {
    const std::optional<double> missed = Missed(depth);
    if (!missed.has_value()) continue;
    depths += (depths.empty() ? "" : ", ") + std::to_string(depth);
    bounds += (bounds.empty() ? "" : ", ") + Percent(*missed);
  }
  if (!bounds.empty())
    text += "; an ordering bug of depth " + depths + " missed with at most " + bounds +
            " (PCT: " + std::to_string(pct_tasks) + " tasks, " + std::to_string(pct_points) +
            " points)";
  return text;
}

}  // namespace taskleak
