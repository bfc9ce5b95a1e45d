// Who operates on what, and how often: counted in some runs to weigh others by.
#ifndef TASKLEAK_FUZZ_STRATEGIES_CENSUS_H_
#define TASKLEAK_FUZZ_STRATEGIES_CENSUS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/runtime/sim/observer.h"

namespace taskleak::internal {

// Names of tasks and objects are hashes that hold in every run of every build: SimTask::path_hash,
// Object::name_hash.
class Census final : public Observer {
 public:
  // How many operations on the object a task and all that descend from it did.
  struct Share {
    std::uint64_t task;
    std::uint32_t operations;
  };

  // Before and after the run that is counted. A run without an object in common, and one of more
  // than kMostTasks, leaves nothing to weigh by.
  void Begin();
  void End();

  // The objects that more than one task operated on, in order of their names.
  std::size_t object_count() const { return objects_.size(); }
  std::uint64_t object(std::size_t i) const { return objects_[i].name; }
  // In order of the tasks' names.
  std::span<const Share> shares(std::size_t i) const {
    return std::span(shares_).subspan(objects_[i].first, objects_[i].count);
  }

  void OnTask(const SimTask& task, std::uint32_t parent, const Site& site) override;
  void OnBefore(const SimTask& task, const Operation& op) override;

 private:
  static constexpr std::size_t kMostTasks = 1024;
  static constexpr std::size_t kMostEvents = 1 << 16;  // What comes later in a run is not counted.

  struct Event {
    std::uint64_t object;
    std::uint32_t task;  // Its id.
    friend auto operator<=>(const Event&, const Event&) = default;
  };
  struct Counted {
    std::uint64_t name;
    std::size_t first;
    std::size_t count;
  };
  struct Known {
    std::uint64_t name;
    std::uint32_t parent;
    std::uint32_t operations;  // On the object being counted.
  };

  void Add(const Object* object, const SimTask& task);
  void CountObject(std::span<const Event> events);

  std::vector<Known> tasks_;  // Index: id - 1.
  std::vector<Event> events_;
  std::vector<Counted> objects_;
  std::vector<Share> shares_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_STRATEGIES_CENSUS_H_
