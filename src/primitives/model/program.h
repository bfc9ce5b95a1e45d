// Programs of the model: what a handful of tasks do, one operation after the other, with a handful
// of channels, locks, a wait group and two contexts.
#ifndef TASKLEAK_PRIMITIVES_MODEL_PROGRAM_H_
#define TASKLEAK_PRIMITIVES_MODEL_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace taskleak::model {

inline constexpr int kMaxTasks = 6;
inline constexpr int kMaxOps = 6;       // Of one task.
inline constexpr int kMaxChannels = 4;  // The program's own.
inline constexpr int kMaxCases = 3;     // Of one select, beside its default.
inline constexpr int kMaxCapacity = 2;
// Every program has them, whether it uses them or not. Context 1 is a child of context 0.
inline constexpr int kContexts = 2;
inline constexpr int kRWMutexes = 2;
// Channels are numbered through: first the program's own, from here on the contexts' done channels.
inline constexpr int kFirstDone = kMaxChannels;
inline constexpr int kAllChannels = kMaxChannels + kContexts;

enum class OpKind : std::uint8_t {
  kSend,
  kRecv,
  kTrySend,
  kTryRecv,
  kSelect,
  kClose,
  kLock,  // Of an RWMutex, up to kTryRLock.
  kUnlock,
  kTryLock,
  kRLock,
  kRUnlock,
  kTryRLock,
  kMutexLock,
  kMutexUnlock,
  kMutexTryLock,
  kAdd,
  kDone,
  kWait,
  kCancel,
  kErr,
};
inline constexpr int kOpKinds = static_cast<int>(OpKind::kErr) + 1;

// A communication: the one of a send or a receive, one of several of a select.
struct Case {
  bool send = false;
  std::uint8_t channel = 0;
  std::uint8_t value = 0;  // What is sent: never 0, and no value twice in a program.
};

struct Op {
  OpKind kind = OpKind::kSend;
  std::uint8_t object = 0;  // Which channel (of a close), RWMutex or context.
  std::uint8_t count = 0;   // Of an Add.
  bool has_default = false;
  std::vector<Case> cases;  // Exactly one unless this is a select.
};

struct Channel {
  bool nil = false;
  std::uint8_t capacity = 0;
};

struct Program {
  std::uint64_t seed = 0;  // What it was made from.
  std::vector<Channel> channels;
  std::vector<std::vector<Op>> tasks;

  bool Nil(int channel) const { return channel < kFirstDone && channels[channel].nil; }
  int Capacity(int channel) const { return channel < kFirstDone ? channels[channel].capacity : 0; }
};

// "a<-1", "select{<-b, a<-2, default}", "rw0.RLock": as Go writes it, shortened.
std::string Text(const Op& op);
// All of it, a line for each task, as a failure shows it.
std::string Text(const Program& program);

// Whether every wait in it can be ended by somebody who closes, cancels, unlocks and counts down
// (see runner.h): nothing ends a wait at nil channels alone.
bool CanBeRescued(const Program& program);

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_PROGRAM_H_
