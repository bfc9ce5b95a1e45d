// How programs are drawn.
#include "src/primitives/model/generate.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/primitives/model/dice.h"

namespace taskleak::model {
namespace {

// What a program is about. How often each operation is drawn: a row for each kind, a column for
// each theme.
constexpr int kThemes = 6;
constexpr int kWeights[kOpKinds][kThemes] = {
    // channels, selects, RWMutex, Mutex, wait group and contexts, everything
    {6, 3, 1, 1, 1, 4},  // kSend
    {6, 3, 1, 1, 1, 4},  // kRecv
    {2, 1, 0, 0, 0, 1},  // kTrySend
    {2, 1, 0, 0, 1, 1},  // kTryRecv
    {2, 9, 0, 0, 3, 5},  // kSelect
    {2, 2, 0, 0, 1, 1},  // kClose
    {0, 0, 5, 0, 0, 1},  // kLock
    {0, 0, 2, 0, 0, 1},  // kUnlock
    {0, 0, 2, 0, 0, 1},  // kTryLock
    {0, 0, 6, 0, 0, 2},  // kRLock
    {0, 0, 2, 0, 0, 1},  // kRUnlock
    {0, 0, 2, 0, 0, 1},  // kTryRLock
    {0, 0, 0, 6, 0, 2},  // kMutexLock
    {0, 0, 0, 3, 0, 1},  // kMutexUnlock
    {0, 0, 0, 3, 0, 1},  // kMutexTryLock
    {0, 0, 0, 0, 4, 1},  // kAdd
    {0, 0, 0, 0, 5, 2},  // kDone
    {0, 0, 0, 0, 6, 1},  // kWait
    {0, 1, 0, 0, 4, 1},  // kCancel
    {0, 0, 0, 0, 2, 1},  // kErr
};
constexpr int kWaits = 4;  // The theme that is about the wait group.

class Generator {
 public:
  Generator(std::uint64_t seed, Size size) : dice_(seed), size_(size) { program_.seed = seed; }

  Program Make() {
    theme_ = dice_.Below(kThemes);
    DrawWeights();
    const int tasks = 2 + dice_.Below(size_.tasks - 1);
    MakeChannels();
    std::vector<int> ops(tasks, 1);
    const int all = std::min(size_.ops - dice_.Below(1 + size_.ops / 3), tasks * kMaxOps);
    for (int i = tasks; i < all; ++i) {
      int task = dice_.Below(tasks);
      while (ops[task] == kMaxOps) task = (task + 1) % tasks;
      ++ops[task];
    }
    for (const int count : ops) MakeTask(count);
    return std::move(program_);
  }

 private:
  void MakeChannels() {
    static constexpr std::uint8_t kCapacities[] = {0, 0, 0, 1, 1, 2};
    const int count = 1 + std::min(dice_.Below(kMaxChannels), dice_.Below(kMaxChannels));
    for (int i = 0; i < count; ++i)
      program_.channels.push_back({dice_.Chance(6), kCapacities[dice_.Below(6)]});
  }

  void MakeTask(int count) {
    std::vector<Op> ops;
    std::vector<Op> owed;  // Unlocks.
    if (theme_ == kWaits && program_.tasks.empty() && dice_.Chance(60))
      ops.push_back(Make(OpKind::kAdd));
    while (static_cast<int>(ops.size()) < count) {
      const int left = count - static_cast<int>(ops.size());
      if (!owed.empty() && (static_cast<int>(owed.size()) >= left || dice_.Chance(50))) {
        ops.push_back(owed.back());
        owed.pop_back();
        continue;
      }
      ops.push_back(Make(DrawKind()));
      if (dice_.Chance(85)) Owe(ops.back(), &owed);
    }
    program_.tasks.push_back(std::move(ops));
  }

  // Some kinds are left out of each program, so that the others meet more often (Groce and others:
  // "Swarm testing", 2012).
  void DrawWeights() {
    for (int kind = 0; kind < kOpKinds; ++kind) {
      weights_[kind] = dice_.Chance(70) ? kWeights[kind][theme_] : 0;
      all_weights_ += weights_[kind];
    }
    if (all_weights_ > 0) return;
    for (int kind = 0; kind < kOpKinds; ++kind)
      all_weights_ += weights_[kind] = kWeights[kind][theme_];
  }

  OpKind DrawKind() {
    int draw = dice_.Below(all_weights_);
    int kind = 0;
    while (draw >= weights_[kind]) draw -= weights_[kind++];
    return static_cast<OpKind>(kind);
  }

  static void Owe(const Op& op, std::vector<Op>* owed) {
    OpKind unlock;
    switch (op.kind) {
      case OpKind::kLock:
      case OpKind::kTryLock:
        unlock = OpKind::kUnlock;
        break;
      case OpKind::kRLock:
      case OpKind::kTryRLock:
        unlock = OpKind::kRUnlock;
        break;
      case OpKind::kMutexLock:
      case OpKind::kMutexTryLock:
        unlock = OpKind::kMutexUnlock;
        break;
      default:
        return;
    }
    owed->push_back(op);
    owed->back().kind = unlock;
  }

  Op Make(OpKind kind) {
    Op op;
    op.kind = kind;
    switch (kind) {
      case OpKind::kSend:
      case OpKind::kTrySend:
        op.cases.push_back(MakeSend());
        break;
      case OpKind::kRecv:
      case OpKind::kTryRecv:
        op.cases.push_back(MakeRecv());
        break;
      case OpKind::kSelect: {
        const int count = dice_.Chance(3) ? 0 : 1 + dice_.Below(kMaxCases);
        for (int i = 0; i < count; ++i)
          op.cases.push_back(dice_.Chance(45) ? MakeSend() : MakeRecv());
        op.has_default = dice_.Chance(25);
        break;
      }
      case OpKind::kClose:
        op.object = DrawChannel();
        break;
      case OpKind::kLock:
      case OpKind::kUnlock:
      case OpKind::kTryLock:
      case OpKind::kRLock:
      case OpKind::kRUnlock:
      case OpKind::kTryRLock:
        op.object = dice_.Chance(80) ? 0 : 1;
        break;
      case OpKind::kCancel:
        op.object = dice_.Chance(70) ? 0 : 1;
        break;
      case OpKind::kErr:
        op.object = static_cast<std::uint8_t>(dice_.Below(kContexts));
        break;
      case OpKind::kAdd:
        op.count = static_cast<std::uint8_t>(1 + dice_.Below(2));
        break;
      default:
        break;
    }
    return op;
  }

  std::uint8_t DrawChannel() {
    return static_cast<std::uint8_t>(dice_.Below(static_cast<int>(program_.channels.size())));
  }
  // Every other time one where this end is wanted most, so that not everybody waits for nobody.
  std::uint8_t DrawChannel(bool send) {
    std::uint8_t channel = DrawChannel();
    const int sign = send ? 1 : -1;
    if (dice_.Chance(50)) {
      for (std::size_t i = 0; i < program_.channels.size(); ++i)
        if (sign * surplus_[i] < sign * surplus_[channel]) channel = static_cast<std::uint8_t>(i);
    }
    surplus_[channel] += sign;
    return channel;
  }
  Case MakeSend() { return {true, DrawChannel(true), ++values_}; }
  // Of a done channel most often where contexts are what the program is about.
  Case MakeRecv() {
    static constexpr int kPercent[kThemes] = {0, 10, 0, 0, 60, 15};
    if (dice_.Chance(kPercent[theme_]))
      return {false, static_cast<std::uint8_t>(kFirstDone + dice_.Below(kContexts)), 0};
    return {false, DrawChannel(false), 0};
  }

  Dice dice_;
  const Size size_;
  Program program_;
  int theme_ = 0;
  std::array<int, kOpKinds> weights_ = {};
  int all_weights_ = 0;
  std::array<int, kMaxChannels> surplus_ = {};  // Of sends over receives.
  std::uint8_t values_ = 0;
};

}  // namespace

Program Generate(std::uint64_t seed, Size size) { return Generator(seed, size).Make(); }

}  // namespace taskleak::model
