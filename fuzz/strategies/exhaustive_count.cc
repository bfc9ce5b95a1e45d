// How many schedules there are, which a search that leaves out most of them does not know. After
// the proof they are counted one by one where they are few; else their number is estimated: draw
// one at random from the root of the tree of decisions on, and multiply the numbers of options met
// on the way. The mean of these products is the number of leaves, without bias (Knuth, "Estimating
// the Efficiency of Backtrack Programs", 1975).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "fuzz/strategies/exhaustive.h"

namespace taskleak::internal {
namespace {

constexpr std::uint64_t kMostCounted = 20'000;
constexpr std::uint64_t kSamples = 4'000;

}  // namespace

bool ExhaustiveStrategy::BeginCount() {
  if (aim_ == Aim::kExplore) {
    if (!Proven() || reduction_ == Reduction::kNone) return false;
    aim_ = Aim::kCount;
    reduction_ = Reduction::kNone;
    depth_ = kept_ = 0;
  } else if (aim_ == Aim::kCount) {
    while (depth_ > 0 && !NextOption(nodes_[depth_ - 1])) --depth_;
    all_counted_ = depth_ == 0;
    if (all_counted_) return false;
    if (counted_ >= kMostCounted) aim_ = Aim::kSample;
    kept_ = nodes_[depth_ - 1].step;
  }
  if (aim_ == Aim::kSample) {
    if (samples_ >= kSamples) return false;
    depth_ = kept_ = 0;
    log_ways_ = 0;
  }
  ClearRun();
  return true;
}

void ExhaustiveStrategy::EndCount() {
  if (aim_ == Aim::kCount) {
    ++counted_;
    return;
  }
  // The larger one is taken out of the sum, which a double would not hold.
  const double larger = std::max(log_sum_, log_ways_);
  log_sum_ = samples_++ == 0
                 ? log_ways_
                 : larger + std::log(std::exp(log_sum_ - larger) + std::exp(log_ways_ - larger));
}

std::size_t ExhaustiveStrategy::Sampled(std::size_t ways) {
  log_ways_ += std::log(static_cast<double>(ways));
  return dice_.Below(ways);
}

// "1 schedule", "8123 schedules", "of some 3.2e17 schedules".
std::string ExhaustiveStrategy::Total() const {
  if (all_counted_) return std::to_string(counted_) + (counted_ == 1 ? " schedule" : " schedules");
  if (samples_ == 0) return "schedules";
  const double log10 = (log_sum_ - std::log(static_cast<double>(samples_))) / std::log(10.0);
  const double exponent = std::floor(log10);
  char text[64];
  std::snprintf(text, sizeof(text), "of some %.1fe%.0f schedules", std::pow(10.0, log10 - exponent),
                exponent);
  return text;
}

}  // namespace taskleak::internal
