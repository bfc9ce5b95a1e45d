// Programs as text, and which of them can be rescued.
#include "src/primitives/model/program.h"

#include <algorithm>

namespace taskleak::model {
namespace {

std::string ChannelName(int channel) {
  if (channel >= kFirstDone) return "ctx" + std::to_string(channel - kFirstDone) + ".Done";
  return std::string(1, static_cast<char>('a' + channel));
}

std::string Text(const Case& c) {
  return c.send ? ChannelName(c.channel) + "<-" + std::to_string(c.value)
                : "<-" + ChannelName(c.channel);
}

std::string SelectText(const Op& op) {
  std::string text = "select{";
  for (const Case& c : op.cases) text += Text(c) + ", ";
  if (op.has_default) text += "default, ";
  if (text.ends_with(", ")) text.resize(text.size() - 2);
  return text + "}";
}

}  // namespace

std::string Text(const Op& op) {
  const std::string number = std::to_string(op.object);
  switch (op.kind) {
    case OpKind::kSend:
    case OpKind::kRecv:
      return Text(op.cases[0]);
    case OpKind::kTrySend:
    case OpKind::kTryRecv:
      return "try " + Text(op.cases[0]);
    case OpKind::kSelect:
      return SelectText(op);
    case OpKind::kClose:
      return "close(" + ChannelName(op.object) + ")";
    case OpKind::kLock:
      return "rw" + number + ".Lock";
    case OpKind::kUnlock:
      return "rw" + number + ".Unlock";
    case OpKind::kTryLock:
      return "rw" + number + ".TryLock";
    case OpKind::kRLock:
      return "rw" + number + ".RLock";
    case OpKind::kRUnlock:
      return "rw" + number + ".RUnlock";
    case OpKind::kTryRLock:
      return "rw" + number + ".TryRLock";
    case OpKind::kMutexLock:
      return "mu.Lock";
    case OpKind::kMutexUnlock:
      return "mu.Unlock";
    case OpKind::kMutexTryLock:
      return "mu.TryLock";
    case OpKind::kAdd:
      return "wg.Add(" + std::to_string(op.count) + ")";
    case OpKind::kDone:
      return "wg.Done";
    case OpKind::kWait:
      return "wg.Wait";
    case OpKind::kCancel:
      return "cancel" + number;
    case OpKind::kErr:
      return "ctx" + number + ".Err";
  }
  return "?";
}

std::string Text(const Program& program) {
  std::string text;
  for (std::size_t i = 0; i < program.channels.size(); ++i) {
    const Channel& channel = program.channels[i];
    text += i == 0 ? "  channels: " : ", ";
    text += ChannelName(static_cast<int>(i)) + " ";
    text += channel.nil ? "nil" : "of capacity " + std::to_string(channel.capacity);
  }
  if (!text.empty()) text += "\n";
  for (std::size_t i = 0; i < program.tasks.size(); ++i) {
    text += "  task " + std::to_string(i) + ":";
    for (const Op& op : program.tasks[i]) text += " " + Text(op) + ";";
    text += "\n";
  }
  return text;
}

bool CanBeRescued(const Program& program) {
  for (const std::vector<Op>& task : program.tasks) {
    for (const Op& op : task) {
      const bool waits =
          op.kind == OpKind::kSend || op.kind == OpKind::kRecv || op.kind == OpKind::kSelect;
      if (waits && !op.has_default &&
          std::all_of(op.cases.begin(), op.cases.end(),
                      [&](const Case& c) { return program.Nil(c.channel); }))
        return false;
    }
  }
  return true;
}

}  // namespace taskleak::model
