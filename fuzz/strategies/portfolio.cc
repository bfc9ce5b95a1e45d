#include "fuzz/strategies/portfolio.h"

#include "fuzz/strategies/pct.h"
#include "fuzz/strategies/pos.h"
#include "fuzz/strategies/random.h"
#include "fuzz/strategies/surw.h"

namespace taskleak::internal {

PortfolioStrategy::PortfolioStrategy(std::uint64_t seed, const FaultKinds& kinds) : seed_(seed) {
  constexpr std::uint32_t kAllNew = 4096;
  members_[kPctMember] = {std::make_unique<PctStrategy>(seed, kinds), 12, kAllNew};
  members_[1] = {std::make_unique<RandomStrategy>(seed, kinds), 3, kAllNew};
  members_[2] = {std::make_unique<PosStrategy>(seed, kinds), 1, kAllNew};
  members_[3] = {std::make_unique<SurwStrategy>(seed, kinds), 1, kAllNew};
  member_ = &members_[0];
}

bool PortfolioStrategy::Begin(std::uint64_t index) {
  chance_.Begin(~seed_, index);
  const std::uint64_t turn = index % kRound;
  member_ = turn % kMembers == 0 ? &members_[kMembers - 1 - turn / kMembers] : Draw();
  const bool more = member_->driver->Begin(member_->runs++);
  quiet = member_->driver->quiet;
  fires_timers_early = member_->driver->fires_timers_early;
  return more;
}

PortfolioStrategy::Member* PortfolioStrategy::Draw() {
  // One that brings nothing new any more keeps a small part, as bodies have doors that open late.
  constexpr std::uint32_t kFloor = 256;
  std::uint64_t all = 0;
  for (const Member& member : members_) all += member.worth * (member.novelty + kFloor);
  std::uint64_t ticket = chance_.Below(all);
  for (Member& member : members_) {
    const std::uint64_t part = member.worth * (member.novelty + kFloor);
    if (ticket < part) return &member;
    ticket -= part;
  }
  return &members_.back();
}

void PortfolioStrategy::End(const RunResult& result) {
  member_->driver->End(result);
  const std::uint32_t paid = traces_.Insert(result.trace_hash) ? 4096 : 0;
  member_->novelty = (31 * member_->novelty + paid + 16) / 32;
}

std::array<std::uint64_t, PortfolioStrategy::kMembers> PortfolioStrategy::shares() const {
  std::array<std::uint64_t, kMembers> runs = {};
  for (std::size_t i = 0; i < kMembers; ++i) runs[i] = members_[i].runs;
  return runs;
}

void PortfolioStrategy::OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) {
  member_->driver->OnTask(task, parent, ordinal);
}

// The simulator counts our `quiet` down, and the member reads and sets its own.
Choice PortfolioStrategy::Schedule(const SchedulePoint& point) {
  StrategyDriver& driver = *member_->driver;
  driver.quiet = quiet;
  const Choice choice = driver.Schedule(point);
  quiet = driver.quiet;
  return choice;
}

std::uint32_t PortfolioStrategy::Case(SimTask* task, const Operation& op,
                                      std::span<const std::uint32_t> ready) {
  return member_->driver->Case(task, op, ready);
}

bool PortfolioStrategy::TakeFault(SimTask* task, const Operation& op) {
  return member_->driver->TakeFault(task, op);
}

std::int64_t PortfolioStrategy::Data(SimTask* task, const Operation& op, std::int64_t lo,
                                     std::int64_t hi, std::int64_t canonical) {
  return member_->driver->Data(task, op, lo, hi, canonical);
}

}  // namespace taskleak::internal
