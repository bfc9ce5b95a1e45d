// All strategies by turns: the default.
#ifndef TASKLEAK_FUZZ_STRATEGIES_PORTFOLIO_H_
#define TASKLEAK_FUZZ_STRATEGIES_PORTFOLIO_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "fuzz/chance.h"
#include "fuzz/hash_set.h"
#include "fuzz/strategies/driver.h"

namespace taskleak::internal {

// No strategy finds everything: fixed priorities miss for ever what a random walk finds at once, a
// random walk finds once in a day what priorities find in a minute. In each round of sixteen runs
// every member has one, SURW the first; the other turns are drawn in proportion to what a member is
// worth before anything is known (in the catalogue, PCT the most) and to how many of its latest
// runs gave a trace that nobody had before.
//
// What it guarantees: what a member finds in N of its runs, the portfolio finds in 16 N at most.
class PortfolioStrategy final : public StrategyDriver {
 public:
  PortfolioStrategy(std::uint64_t seed, const FaultKinds& kinds);

  bool Begin(std::uint64_t index) override;
  void End(const RunResult& result) override;
  Observer* observer() override { return member_->driver->observer(); }
  PctRuns pct_runs() const override { return members_[kPctMember].driver->pct_runs(); }

  void OnTask(SimTask* task, std::uint32_t parent, std::uint32_t ordinal) override;
  Choice Schedule(const SchedulePoint& point) override;
  std::uint32_t Case(SimTask* task, const Operation& op,
                     std::span<const std::uint32_t> ready) override;
  bool TakeFault(SimTask* task, const Operation& op) override;
  std::int64_t Data(SimTask* task, const Operation& op, std::int64_t lo, std::int64_t hi,
                    std::int64_t canonical) override;

  // How many runs each member has had, in the order PCT, random walk, POS, SURW.
  static constexpr std::size_t kMembers = 4;
  std::array<std::uint64_t, kMembers> shares() const;

 private:
  static constexpr std::size_t kPctMember = 0;
  static constexpr std::uint64_t kRound = 16;

  struct Member {
    std::unique_ptr<StrategyDriver> driver;
    std::uint64_t worth = 0;    // Before anything is known.
    std::uint32_t novelty = 0;  // Of its latest runs, a moving average out of 4096.
    std::uint64_t runs = 0;
  };
  Member* Draw();

  const std::uint64_t seed_;
  Chance chance_;
  std::array<Member, kMembers> members_;
  Member* member_ = nullptr;  // Whose turn it is.
  HashSet traces_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_PORTFOLIO_H_
