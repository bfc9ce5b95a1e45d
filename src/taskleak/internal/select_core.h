// Select without types.
#ifndef TASKLEAK_INTERNAL_SELECT_CORE_H_
#define TASKLEAK_INTERNAL_SELECT_CORE_H_

#include <cstddef>

#include "taskleak/internal/chan_core.h"
#include "taskleak/internal/runtime.h"
#include "taskleak/site.h"

namespace taskleak::internal {

struct SelectCase {
  CaseView view = {nullptr, false};  // The object is a ChanCore; null: a nil channel.
  void* element = nullptr;           // What to send; where to put what is received.
  bool is_default = false;
};

// Go's select statement (The Go Programming Language Specification, "Select statements"). Returns
// the index of the case that proceeded. A send case on a closed channel is ready, and panics when
// it is chosen.
std::size_t RunSelect(SelectCase* cases, std::size_t count, const Site& site);

// Identifies a type within the process.
template <class T>
const void* TypeKey() {
  static const char key = 0;
  return &key;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_INTERNAL_SELECT_CORE_H_
