#include "fuzz/strategies/random.h"

namespace taskleak::internal {

bool RandomStrategy::Begin(std::uint64_t index) {
  chance_.Begin(seed_, index);
  const auto pick = [this](std::initializer_list<std::uint32_t> rates) {
    return chance_.Pick(rates);
  };
  temper_.preempt = pick({0, 64, 512, 2048});
  temper_.shuffle = pick({0, 1024, 4096, 4096});
  temper_.timer = kinds_.early_timers ? pick({0, 0, 64, 512}) : 0;
  temper_.fault = pick({0, 8, 64, 256, 1024});
  early_return_rate_ = pick({0, 32, 256, 1024, 2048});
  temper_.hold = pick({64, 256});
  temper_.holds = kinds_.holds ? pick({0, 0, 1, 1, 2}) : 0;
  other_case_rate_ = pick({0, 2048, 4096});
  fires_timers_early = temper_.timer > 0;
  DrawQuiet();
  return true;
}

// How many operations go by before something happens: five draws from one random number.
void RandomStrategy::DrawQuiet() {
  constexpr std::uint32_t kMost = 1000;
  rate_ = temper_.preempt + temper_.timer + temper_.fault + (temper_.holds > 0 ? temper_.hold : 0);
  quiet = 0;
  for (;;) {
    std::uint64_t bits = chance_.Next();
    for (int i = 0; i < 5; ++i, bits >>= 12, ++quiet)
      if ((bits & 4095) < rate_ || quiet >= kMost) return;
  }
}

// Something is to happen instead of the next operation, if it can.
Choice RandomStrategy::Disturb(const SchedulePoint& point) {
  std::size_t which = chance_.Below(rate_);
  if (which < temper_.preempt) {
    if (point.ready.empty()) return point.canonical;
    return Choice::Task(point.ready[chance_.Below(point.ready.size())]);
  }
  which -= temper_.preempt;
  if (which < temper_.timer)
    return point.timers == nullptr ? point.canonical
                                   : Choice::Timer(point.timers->SomeDue(chance_.Next()));
  which -= temper_.timer;
  if (which < temper_.fault)
    return point.faults.empty() ? point.canonical
                                : Choice::Fault(point.faults[chance_.Below(point.faults.size())]);
  --temper_.holds;
  return Choice::Hold(point.current);
}

Choice RandomStrategy::Schedule(const SchedulePoint& point) {
  if (point.current != nullptr) {
    if (quiet > 0) return point.canonical;  // Asked only because its turn is over.
    const Choice choice = rate_ == 0 ? point.canonical : Disturb(point);
    DrawQuiet();
    return choice;
  }
  const std::uint64_t bits = chance_.Next();
  const auto roll = [bits](int which) {
    return static_cast<std::uint32_t>(bits >> (which * 12) & 4095);
  };
  if (point.ready.empty()) {  // Nothing can run.
    if (!point.faults.empty() && roll(1) < temper_.fault)
      return Choice::Fault(point.faults[chance_.Below(point.faults.size())]);
    return point.timers != nullptr && roll(2) < temper_.shuffle
               ? Choice::Timer(point.timers->SomeDue(chance_.Next()))
               : point.canonical;
  }
  if (point.timers != nullptr && roll(0) < temper_.timer)
    return Choice::Timer(point.timers->SomeDue(chance_.Next()));
  if (!point.faults.empty() && roll(1) < temper_.fault)
    return Choice::Fault(point.faults[chance_.Below(point.faults.size())]);
  if (roll(2) >= temper_.shuffle) return point.canonical;
  return Choice::Task(point.ready[chance_.Below(point.ready.size())]);
}

}  // namespace taskleak::internal
