// The model's states: all that decides what can still happen, and what has happened to each task.
#ifndef TASKLEAK_PRIMITIVES_MODEL_STATE_H_
#define TASKLEAK_PRIMITIVES_MODEL_STATE_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "src/primitives/model/outcome.h"
#include "src/primitives/model/program.h"

namespace taskleak::model {

// First in, first out. Zero behind its end, so that equal lines are equal byte for byte.
template <int kMax>
struct Line {
  std::uint8_t size = 0;
  std::array<std::uint8_t, kMax> items = {};

  bool empty() const { return size == 0; }
  std::uint8_t front() const { return items[0]; }
  void Push(std::uint8_t item) { items[size++] = item; }
  void PushFront(std::uint8_t item) {
    for (int i = size++; i > 0; --i) items[i] = items[i - 1];
    items[0] = item;
  }
  std::uint8_t Pop() {
    const std::uint8_t first = items[0];
    int at = 0;
    EraseIf([&at](std::uint8_t) { return at++ == 0; });
    return first;
  }
  template <class Predicate>
  void EraseIf(Predicate predicate) {
    int kept = 0;
    for (int i = 0; i < size; ++i)
      if (!predicate(items[i])) items[kept++] = items[i];
    for (int i = kept; i < size; ++i) items[i] = 0;
    size = static_cast<std::uint8_t>(kept);
  }
  friend bool operator==(const Line&, const Line&) = default;
};

// Where in a channel's line somebody waits: which task, with which case of its operation.
struct Place {
  int task;
  int index;
  static Place Of(std::uint8_t item) { return {item / 4, item % 4}; }
  std::uint8_t item() const { return static_cast<std::uint8_t>(task * 4 + index); }
};
static_assert(kMaxCases <= 4);

struct ChannelState {
  bool closed = false;
  Line<kMaxCapacity> buffer;
  Line<kMaxTasks * kMaxCases> senders;  // Of places.
  Line<kMaxTasks * kMaxCases> receivers;
  friend bool operator==(const ChannelState&, const ChannelState&) = default;
};

struct RWMutexState {
  bool writer = false;       // One holds it, or is next and waits for the readers inside to leave.
  std::uint8_t readers = 0;  // Inside.
  Line<1> next;              // The writer that waits for the readers inside.
  Line<kMaxTasks> writers;   // Those behind it.
  Line<kMaxTasks> outside;   // Readers that came while there was a writer.
  friend bool operator==(const RWMutexState&, const RWMutexState&) = default;
};

struct MutexState {
  bool locked = false;
  Line<kMaxTasks> waiting;
  friend bool operator==(const MutexState&, const MutexState&) = default;
};

struct WaitGroupState {
  std::uint8_t count = 0;
  Line<kMaxTasks> waiting;
  friend bool operator==(const WaitGroupState&, const WaitGroupState&) = default;
};

enum class Standing : std::uint8_t {
  kEnded,
  kActs,   // In front of its next operation.
  kWaits,  // In that operation, until somebody serves it.
  kWoken,  // In that operation, a lock that it may now try to take again.
};

struct State {
  Outcome outcome = {};
  std::array<Standing, kMaxTasks> standing = {};
  std::array<ChannelState, kAllChannels> channels = {};  // A context has ended when its is closed.
  std::array<RWMutexState, kRWMutexes> rwmutexes = {};
  MutexState mutex = {};
  WaitGroupState wait_group = {};
  friend bool operator==(const State&, const State&) = default;
};
static_assert(std::has_unique_object_representations_v<State>);

struct StateHash {
  std::size_t operator()(const State& state) const {  // Word by word, mixed as in splitmix64.
    std::uint64_t hash = sizeof(State);
    const char* bytes = reinterpret_cast<const char*>(&state);
    for (std::size_t i = 0; i < sizeof(State); i += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + i, std::min(sizeof(word), sizeof(State) - i));
      hash = (hash ^ word) * 0xbf58476d1ce4e5b9ULL;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_STATE_H_
