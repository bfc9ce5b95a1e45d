// The search: which decision is taken next, and what all of them together have shown. What happens
// in a run is followed in exhaustive_run.cc.
#include "fuzz/strategies/exhaustive.h"

#include <algorithm>
#include <utility>

namespace taskleak::internal {
namespace {

constexpr std::int64_t kMostValues = 16;  // Of fuzzed data; of a wider range the ends are tried.

std::string Count(std::uint64_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace

ExhaustiveStrategy::ExhaustiveStrategy(const StrategyConfig& config, Reduction reduction)
    : kinds_(config.kinds),
      max_steps_(config.max_steps),
      preemption_bound_(config.preemption_bound),
      reduction_(preemption_bound_.has_value() ? Reduction::kNone : reduction),
      dice_(config.seed) {
  fires_timers_early = kinds_.early_timers;
}

bool ExhaustiveStrategy::Begin(std::uint64_t index) {
  if (ended_ || too_long_) return false;
  if (plain_memory_ && reduction_ != Reduction::kNone) {  // Again, from the beginning.
    reduction_ = Reduction::kNone;
    depth_ = kept_ = 0;
    runs_ = repeated_ = cut_ = 0;
  } else if (index > 0) {
    while (depth_ > 0 && !NextOption(nodes_[depth_ - 1])) --depth_;
    if (depth_ == 0) {
      ended_ = true;
      return false;
    }
    kept_ = nodes_[depth_ - 1].step;
  }
  ClearRun();
  return true;
}

void ExhaustiveStrategy::ClearRun() {
  steps_.Truncate(kept_);
  next_node_ = begun_ = 0;
  open_ = external_ = redundant_ = false;
  preemptions_ = 0;
  taken_ = UINT32_MAX;
  tasks_.clear();
  pending_.clear();
  virtual_.clear();
  asleep_.clear();
}

void ExhaustiveStrategy::End(const RunResult& result) {
  ++(redundant_ ? repeated_ : runs_);
  if (result.steps >= max_steps_) ++cut_;
}

// Goes over to the next way to decide there; false if there is none left.
bool ExhaustiveStrategy::NextOption(Node& node) {
  if (node.values > 0) return ++node.value < node.values;
  node.asleep.push_back({node.options.front().process, std::move(node.touched)});
  node.touched.Clear();
  for (const std::uint32_t process : node.wanted) {
    const auto is_it = [process](const auto& other) { return other.process == process; };
    if (std::any_of(node.asleep.begin(), node.asleep.end(), is_it)) continue;
    const auto option = std::find_if(node.options.begin(), node.options.end(), is_it);
    std::swap(node.options.front(), *option);
    return true;
  }
  return false;
}

bool ExhaustiveStrategy::IsAsleep(std::uint32_t process) const {
  return reduction_ != Reduction::kNone &&
         std::any_of(asleep_.begin(), asleep_.end(),
                     [process](const Sleeper& s) { return s.process == process; });
}

// All that could happen now, what is canonical first.
void ExhaustiveStrategy::ListOptions(const SchedulePoint& point) {
  options_.clear();
  const auto add = [this](const Option& option) {
    for (const Option& known : options_)
      if (known.process == option.process) return;
    options_.push_back(option);
  };
  const auto add_task = [&](const SimTask* task) {
    add({tasks_[task->id - 1].process, ChoiceKind::kTask, task->id, 0});
  };
  const auto add_timer = [&](const TimerNode* timer) {
    add({ProcessOf(*timer), ChoiceKind::kTimer, timer->owner, timer->ordinal, ArmedBy(*timer)});
  };
  if (point.canonical.kind == ChoiceKind::kTimer)
    add_timer(point.canonical.timer);
  else if (point.canonical.task != nullptr)
    add_task(point.canonical.task);
  else
    add({kEnd, ChoiceKind::kTask});
  if (point.current != nullptr) add_task(point.current);
  for (const SimTask* task = point.ready.longest(); task != nullptr; task = task->ready_next)
    add_task(task);
  if (point.timers != nullptr) {
    const std::size_t before = options_.size();
    for (const TimerNode* timer : point.timers->all())
      if (timer->when == point.timers->next()->when) add_timer(timer);
    std::sort(options_.begin() + static_cast<std::ptrdiff_t>(before), options_.end(),
              [](const Option& a, const Option& b) {
                return std::pair(a.owner, a.ordinal) < std::pair(b.owner, b.ordinal);
              });
  }
  // Last: whatever else happens, happens sooner or later; a fault need not come at all, so that it
  // must not be what is taken where nothing asks for it.
  for (const Fault* fault : point.faults)
    add({ProcessOf(*fault), ChoiceKind::kFault, fault->owner, fault->ordinal});
}

Choice ExhaustiveStrategy::Find(const Option& option, const SchedulePoint& point) {
  const auto is_it = [&option](const auto* what) {
    return what->owner == option.owner && what->ordinal == option.ordinal;
  };
  switch (option.kind) {
    case ChoiceKind::kTask:
      if (option.process == kEnd && point.canonical == Choice::Task(nullptr))
        return point.canonical;
      if (option.owner > 0 && option.owner <= tasks_.size()) {
        SimTask* task = tasks_[option.owner - 1].task;
        if (task->id == option.owner && (task == point.current || ReadyList::Contains(task)))
          return Choice::Task(task);
      }
      break;
    case ChoiceKind::kTimer:
      if (point.canonical.kind == ChoiceKind::kTimer && is_it(point.canonical.timer))
        return point.canonical;
      if (point.timers == nullptr) break;
      for (TimerNode* timer : point.timers->all())
        if (is_it(timer) && timer->when == point.timers->next()->when) return Choice::Timer(timer);
      break;
    case ChoiceKind::kFault:
      for (Fault* fault : point.faults)
        if (is_it(fault)) return Choice::Fault(fault);
      break;
    case ChoiceKind::kHold:
      break;
  }
  diverged_ = true;  // The body does not come the same way twice.
  return point.canonical;
}

// A decision that no run before has come to, of which options_ are the ways.
void ExhaustiveStrategy::MakeNode(const SchedulePoint& point) {
  const auto allowed = [&](const Option& option) {
    const bool preempts = point.current != nullptr && option.kind == ChoiceKind::kTask &&
                          option.owner != point.current->id;
    return !preempts || !preemption_bound_.has_value() || preemptions_ < *preemption_bound_;
  };
  const auto chosen = std::find_if(options_.begin(), options_.end(), [&](const Option& option) {
    return allowed(option) && !IsAsleep(option.process);
  });
  if (chosen == options_.end()) return Leave();
  std::swap(options_.front(), aim_ == Aim::kSample ? options_[Sampled(options_.size())] : *chosen);
  if (depth_ == nodes_.size()) nodes_.emplace_back();
  Node& node = nodes_[depth_++];
  node.step = begun_;
  node.values = node.value = 0;
  node.options.assign(options_.begin(), options_.end());
  node.wanted.clear();
  node.touched.Clear();
  node.asleep.clear();
  if (reduction_ != Reduction::kNone) node.asleep.assign(asleep_.begin(), asleep_.end());
  // Where nothing else can move, no race asks for the other orders of timers that are due together,
  // nor for the faults that may come first.
  const bool idle = point.current == nullptr && point.ready.empty();
  // Where only faults are left to explore, each may be the one that comes without the others.
  const bool all =
      idle || reduction_ != Reduction::kSourceSets || options_.front().kind == ChoiceKind::kFault;
  for (const Option& option : options_) {
    if (!all && !node.wanted.empty()) break;
    if (allowed(option)) node.wanted.push_back(option.process);
  }
}

bool ExhaustiveStrategy::Want(std::size_t at, std::span<const Steps::First> first) {
  if (reduction_ != Reduction::kSourceSets) return true;  // All are wanted anyway.
  Node& node = nodes_[at];
  const auto is_first = [first](std::uint32_t process) {
    return std::any_of(first.begin(), first.end(),
                       [process](const Steps::First& f) { return f.process == process; });
  };
  if (std::any_of(node.wanted.begin(), node.wanted.end(), is_first)) return true;
  bool possible = false;
  for (const Steps::First& candidate : first) {
    const auto is_it = [&candidate](const auto& other) {
      return other.process == candidate.process;
    };
    if (std::none_of(node.options.begin(), node.options.end(), is_it)) continue;
    possible = true;
    const auto asleep = std::find_if(node.asleep.begin(), node.asleep.end(), is_it);
    // Asleep: what begins with it has been explored elsewhere. But there its step may have touched
    // more than here, where it had to wait, and so have met with what no race here speaks of.
    if (asleep != node.asleep.end() && !candidate.touched->Covers(asleep->touched)) continue;
    node.wanted.push_back(candidate.process);
    return true;
  }
  if (possible) WantAll(at);
  return possible;
}

void ExhaustiveStrategy::WantAll(std::size_t at) {
  Node& node = nodes_[at];
  node.wanted.clear();
  for (const Option& option : node.options) node.wanted.push_back(option.process);
}

void ExhaustiveStrategy::AddArms(std::size_t node, std::vector<std::size_t>& steps) const {
  for (const Option& option : nodes_[node].options)
    if (option.kind == ChoiceKind::kTimer) steps.push_back(option.cause);
}

std::uint32_t ExhaustiveStrategy::Value(std::uint32_t values) {
  if (redundant_) return 0;
  InStep();
  if (next_node_ == depth_) {
    if (depth_ == nodes_.size()) nodes_.emplace_back();
    Node& node = nodes_[depth_++];
    node.step = begun_ - 1;
    node.values = values;
    node.value = aim_ == Aim::kSample ? static_cast<std::uint32_t>(Sampled(values)) : 0;
  }
  const Node& node = nodes_[next_node_++];
  diverged_ |= node.values != values;
  return node.value < values ? node.value : 0;
}

std::uint32_t ExhaustiveStrategy::Case(SimTask* /*task*/, const Operation& /*op*/,
                                       std::span<const std::uint32_t> ready) {
  return ready[Value(static_cast<std::uint32_t>(ready.size()))];
}

bool ExhaustiveStrategy::TakeFault(SimTask* /*task*/, const Operation& /*op*/) {
  return Value(2) != 0;
}

std::int64_t ExhaustiveStrategy::Data(SimTask* /*task*/, const Operation& /*op*/, std::int64_t lo,
                                      std::int64_t hi, std::int64_t canonical) {
  const std::uint64_t others = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  if (others >= static_cast<std::uint64_t>(kMostValues)) {
    narrowed_ = true;
    const std::int64_t tried[] = {canonical, lo, hi};
    return tried[Value(3)];
  }
  // The canonical one first, then the others from the lowest up.
  const std::uint32_t value = Value(static_cast<std::uint32_t>(others + 1));
  if (value == 0) return canonical;
  const std::int64_t other = lo + static_cast<std::int64_t>(value) - 1;
  return other < canonical ? other : other + 1;
}

bool ExhaustiveStrategy::Proven() const {
  return ended_ && cut_ == 0 && !narrowed_ && !diverged_ && !preemption_bound_.has_value();
}

std::string ExhaustiveStrategy::Verdict() const {
  std::string text;
  if (too_long_) {
    text = "not verified: a run has more than " + Count(kMostSteps, "step") +
           ", too many to explore all their orders";
  } else if (!ended_) {
    text = "not verified: the search ended after " + Count(runs_ + repeated_, "run") +
           ", before every schedule was explored";
  } else if (Proven() && reduction_ == Reduction::kNone && aim_ == Aim::kExplore) {
    text = "verified: all " + Count(runs_, "schedule") + " explored";
  } else if (Proven()) {
    text = "verified: all " + Total() + " explored (" + std::to_string(runs_) +
           " after reduction; " + std::to_string(repeated_) +
           " more were begun and left as repetitions)";
  } else {
    text = "not verified, though after " + Count(runs_, "run") + " nothing is left to explore:";
    if (diverged_) text += " the body does not do the same each time;";
    if (cut_ > 0)
      text += " " + std::to_string(cut_) + " of them reached the limit of " +
              std::to_string(max_steps_) + " operations;";
    if (narrowed_) text += " of wide ranges of fuzzed data only the ends were tried;";
    if (preemption_bound_.has_value())
      text += " no more than " +
              Count(static_cast<std::uint64_t>(*preemption_bound_), "preemption") +
              " in a run were allowed;";
    text.pop_back();
  }
  text += "; timers ";
  text += kinds_.early_timers ? "may fire at any time" : "fire when nothing else can move";
  std::string faults;
  const auto name = [&faults](bool on, const char* kind) {
    if (on) faults += (faults.empty() ? "" : ", ") + std::string(kind);
  };
  name(kinds_.early_return, "early returns");
  name(kinds_.cancel, "cancels");
  name(kinds_.close, "closes");
  text += "; faults: " + (faults.empty() ? "none" : faults);
  text += kinds_.data ? "; fuzzed data: all values" : "; fuzzed data: the canonical value";
  if (plain_memory_) text += "; nothing reduced, since PreemptionPoint marks plain memory";
  return text;
}

}  // namespace taskleak::internal
