#include "harness/cli/grow.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "fuzz/coverage.h"
#include "fuzz/mutate.h"
#include "fuzz/replay.h"
#include "fuzz/strategies/driver.h"
#include "harness/explore/corpus.h"
#include "harness/explore/fuzz_session.h"
#include "taskleak/error.h"

namespace taskleak::internal {
namespace {

struct Kept {
  std::vector<Schedule> schedules;
  std::vector<std::string> shows;
  std::optional<std::uint64_t> layout;  // Nothing: there is no file, or none that can be read.
};

// What is kept now. What cannot be read is said, and recorded anew.
Kept ReadNow(const std::string& folder, const std::string& name, std::ostream& out) {
  Kept kept;
  try {
    for (CorpusFile& file : ReadCorpus(folder, name)) {
      if (file.layout.has_value()) kept.layout = file.layout;
      std::move(file.schedules.begin(), file.schedules.end(), std::back_inserter(kept.schedules));
      std::move(file.shows.begin(), file.shows.end(), std::back_inserter(kept.shows));
    }
  } catch (const UsageError& error) {
    out << "    " << error.what() << "; it is recorded anew\n";
    kept = {};
  }
  return kept;
}

std::string Count(std::size_t n) {
  return std::to_string(n) + (n == 1 ? " schedule" : " schedules");
}

class Growth {
 public:
  Growth(const SelectedVariant& selected, const CatalogueOptions& options)
      : variant_(*selected.variant),
        name_(selected.full_name()),
        folder_(options.corpus + "/" + name_),
        seed_(options.seed),
        explore_(variant_.options) {
    explore_.name = name_;
    explore_.seed = options.seed;
    explore_.quiet = true;
    if (options.schedules.has_value()) explore_.schedules = *options.schedules;
    if (options.seconds.has_value()) {
      explore_.budget =
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*options.seconds));
      if (!options.schedules.has_value()) explore_.schedules = 0;
    }
  }

  // False: the variant does not do what is expected.
  bool Grow(std::ostream& out) {
    const Kept now = ReadNow(folder_, name_, out);
    layout_ = LayoutOf(variant_.body, explore_);
    return variant_.expected.has_value() ? GrowLeaky(now, out) : GrowFixed(now, out);
  }

 private:
  bool GrowLeaky(const Kept& now, std::ostream& out) {
    std::vector<Schedule> shows_it;
    std::set<std::string> shown;
    for (const Schedule& schedule : now.schedules) {
      const ExploreResult replayed = Replay(variant_.body, schedule, explore_);
      if (!replayed.failure.has_value() || Mismatch(*variant_.expected, *replayed.failure))
        continue;
      shows_it.push_back(schedule);
      shown.insert(replayed.failure->Identity());
    }
    std::size_t added = 0;
    if (shows_it.empty()) {
      const ExploreResult found = Explore(variant_.body, explore_);
      if (!found.failure.has_value())
        return Wrong(out, "no schedule showed the expected failure, of " + Count(found.schedules));
      if (const auto mismatch = Mismatch(*variant_.expected, *found.failure); mismatch.has_value())
        return Wrong(out, *mismatch);
      shows_it.push_back(found.failure->schedule);
      shown.insert(found.failure->Identity());
      ++added;
    }
    Write(now, {shows_it, {shown.begin(), shown.end()}, layout_}, added, "", out);
    return true;
  }

  bool GrowFixed(const Kept& now, std::ostream& out) {
    std::vector<Candidate> candidates;
    std::set<std::uint32_t> covered;
    std::vector<std::uint8_t> counters(kCoverageCounters);
    std::optional<Failure> failure;
    std::uint64_t runs = 0;
    {
      FuzzSession session(variant_.body, explore_, counters);
      // Nothing if the run failed; else whether it did something new.
      const auto note = [&](bool held) -> std::optional<bool> {
        ++runs;
        if (!held) {
          failure = session.Explain();
          return std::nullopt;
        }
        std::vector<std::uint32_t> features;
        bool is_new = false;
        for (std::size_t i = 0; i < counters.size(); ++i) {
          if (counters[i] == 0) continue;
          features.push_back(static_cast<std::uint32_t>(i));
          is_new |= covered.insert(static_cast<std::uint32_t>(i)).second;
          counters[i] = 0;
        }
        // Replayed in every build for years: a flood's thousands of decisions are not worth it.
        constexpr std::size_t kMostEntries = 200;
        if (is_new && session.schedule().size() <= kMostEntries)
          candidates.push_back({session.schedule(), std::move(features)});
        return is_new;
      };
      bool goes_on = note(session.RunSchedule(Schedule())).has_value();
      for (const Schedule& schedule : now.schedules)
        goes_on = goes_on && note(session.RunSchedule(schedule)).has_value();
      const std::size_t before = covered.size();
      if (goes_on) Search(session, candidates, note);
      new_features_ = covered.size() - before;
    }
    if (failure.has_value()) return Wrong(out, "it must hold, and failed\n" + failure->Text());
    std::vector<Schedule> few;
    for (const std::size_t i : Cover(candidates)) few.push_back(candidates[i].schedule);
    const std::size_t added = static_cast<std::size_t>(
        std::count_if(few.begin(), few.end(), [&](const Schedule& schedule) {
          return std::find(now.schedules.begin(), now.schedules.end(), schedule) ==
                 now.schedules.end();
        }));
    Write(now, {few, {}, layout_}, added,
          ", " + std::to_string(new_features_) + " of " + std::to_string(covered.size()) +
              " features new, in " + Count(runs),
          out);
    return true;
  }

  // Half of the schedules are the strategy's own, half are neighbours of those that did something
  // new.
  template <class Note>
  void Search(FuzzSession& session, const std::vector<Candidate>& candidates, const Note& note) {
    const auto deadline = std::chrono::steady_clock::now() + explore_.budget;
    const std::unique_ptr<StrategyDriver> strategy =
        MakeStrategy({.strategy = explore_.strategy,
                      .seed = seed_,
                      .kinds = ToKinds(explore_.faults),
                      .max_steps = explore_.max_steps});
    Chance dice(seed_);
    bool walks = true;
    for (std::uint64_t i = 0; explore_.schedules == 0 || i < explore_.schedules; ++i) {
      if (explore_.budget.count() > 0 && std::chrono::steady_clock::now() >= deadline) return;
      if (walks && i % 2 == 0) walks = strategy->Begin(i / 2);
      bool held = false;
      if (walks && i % 2 == 0) {
        held = session.Run(*strategy, strategy->observer());
      } else {
        const Schedule& parent = candidates[dice.Below(candidates.size())].schedule;
        const Schedule& other = candidates[dice.Below(candidates.size())].schedule;
        held = session.RunSchedule(dice.OneIn(4) ? Splice(parent, other, dice)
                                                 : Mutate(parent, session.decisions(), dice));
      }
      if (!note(held).has_value()) return;
    }
  }

  void Write(const Kept& now, const Kept& next, std::size_t added, const std::string& remark,
             std::ostream& out) {
    const bool same_layout = now.layout == layout_;
    if (same_layout && new_features_ == 0 && added == 0 && !now.schedules.empty() &&
        now.shows == next.shows) {
      out << name_ << ": nothing new, " << Count(now.schedules.size()) << " kept" << remark << "\n";
      return;
    }
    WriteCorpus(folder_, name_, layout_, next.schedules, next.shows);
    out << name_ << ": " << added << " added, " << Count(next.schedules.size()) << " kept" << remark
        << (now.layout.has_value() && !same_layout ? "; for the body's new layout" : "") << "\n";
  }

  bool Wrong(std::ostream& out, const std::string& why) const {
    out << name_ << ": " << why << "; nothing is written\n";
    return false;
  }

  const Variant& variant_;
  const std::string name_;
  const std::string folder_;
  const std::uint64_t seed_;
  ExploreOptions explore_;
  std::uint64_t layout_ = 0;
  std::size_t new_features_ = 0;
};

}  // namespace

std::vector<std::size_t> Cover(const std::vector<Candidate>& candidates) {
  std::set<std::uint32_t> missing;
  for (const Candidate& candidate : candidates)
    missing.insert(candidate.features.begin(), candidate.features.end());
  std::vector<std::size_t> chosen;
  while (!missing.empty()) {
    std::size_t best = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto& features = candidates[i].features;
      const auto count = static_cast<std::size_t>(
          std::count_if(features.begin(), features.end(),
                        [&](std::uint32_t feature) { return missing.contains(feature); }));
      if (count < most || count == 0) continue;
      if (count == most && candidates[i].schedule.size() >= candidates[best].schedule.size())
        continue;
      best = i;
      most = count;
    }
    chosen.push_back(best);
    for (const std::uint32_t feature : candidates[best].features) missing.erase(feature);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

int GrowCorpus(const std::vector<Scenario>& all, const CatalogueOptions& options,
               std::ostream& out) {
  int wrong = 0;
  for (const SelectedVariant& selected : Select(all, options.selectors).variants)
    wrong += Growth(selected, options).Grow(out) ? 0 : 1;
  return wrong == 0 ? 0 : 1;
}

}  // namespace taskleak::internal
