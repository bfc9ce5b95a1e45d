// Programs written by hand, for tests: Program p = {.channels = {{.capacity = 1}}, .tasks =
// {{Send(0, 1)}, {Recv(0)}}}.
#ifndef TASKLEAK_PRIMITIVES_MODEL_BUILD_H_
#define TASKLEAK_PRIMITIVES_MODEL_BUILD_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "src/primitives/model/program.h"

namespace taskleak::model {

inline Case SendCase(int channel, int value) {
  return {true, static_cast<std::uint8_t>(channel), static_cast<std::uint8_t>(value)};
}
inline Case RecvCase(int channel) { return {false, static_cast<std::uint8_t>(channel), 0}; }

inline Op Communication(OpKind kind, std::vector<Case> cases, bool has_default = false) {
  Op op;
  op.kind = kind;
  op.cases = std::move(cases);
  op.has_default = has_default;
  return op;
}
inline Op Send(int channel, int value) {
  return Communication(OpKind::kSend, {SendCase(channel, value)});
}
inline Op Recv(int channel) { return Communication(OpKind::kRecv, {RecvCase(channel)}); }
inline Op TrySend(int channel, int value) {
  return Communication(OpKind::kTrySend, {SendCase(channel, value)});
}
inline Op TryRecv(int channel) { return Communication(OpKind::kTryRecv, {RecvCase(channel)}); }
inline Op Select(std::vector<Case> cases, bool has_default = false) {
  return Communication(OpKind::kSelect, std::move(cases), has_default);
}

// The others: on an object, if there are several.
inline Op Do(OpKind kind, int object = 0) {
  Op op;
  op.kind = kind;
  op.object = static_cast<std::uint8_t>(object);
  return op;
}
inline Op Add(int count) {
  Op op;
  op.kind = OpKind::kAdd;
  op.count = static_cast<std::uint8_t>(count);
  return op;
}

}  // namespace taskleak::model

#endif  // TASKLEAK_PRIMITIVES_MODEL_BUILD_H_
