#include "harness/report/divergence.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "fuzz/ordinal.h"
#include "harness/report/prose.h"

namespace taskleak::internal {
namespace {

using Kind = TraceEvent::Kind;

// What tells two events apart in any build: no sites, no names.
bool Same(const TraceEvent& a, const TraceEvent& b) {
  const auto key = [](const TraceEvent& e) {
    return std::tie(e.kind, e.task, e.op, e.operation, e.nth, e.object, e.outcome, e.time);
  };
  return key(a) == key(b);
}

std::string Tell(const Trace& trace, std::size_t i) {
  if (i >= trace.events.size()) return "nothing more happened";
  const TraceEvent& event = trace.events[i];
  const std::string name = NameOf(trace, event.task);
  const std::string operation =
      Ordinal(event.nth) + " " + event.operation + (event.site ? " (" + At(event.site) + ")" : "");
  switch (event.kind) {
    case Kind::kStart:
      return name + " was started";
    case Kind::kOperation: {
      constexpr const char* kOutcomes[] = {"", ", which did nothing", ", which found it closed",
                                           ", which panicked"};
      const std::string outcome = event.outcome < std::size(kOutcomes) ? kOutcomes[event.outcome]
                                  : event.outcome >= 16
                                      ? ", which took case " + std::to_string(event.outcome - 16)
                                      : "";
      return name + " did its " + operation + (event.object.empty() ? "" : " on " + event.object) +
             outcome;
    }
    case Kind::kPark:
      return name + " blocked in its " + operation;
    case Kind::kUnpark:
      return name + " was woken";
    case Kind::kEnd:
      return name + " ended";
    case Kind::kTimer:
      return "timer " + std::to_string(event.nth) + " of " + name + " fired";
    case Kind::kException:
      return name + " came to its " + operation;
  }
  return "";
}

}  // namespace

std::string TellDivergence(const Trace& first, const Trace& second) {
  std::size_t at = 0;
  while (at < first.events.size() && at < second.events.size() &&
         Same(first.events[at], second.events[at]))
    ++at;
  if (at >= first.events.size() && at >= second.events.size())
    return "they part in what no operation shows";
  return "they part after " + std::to_string(at) + (at == 1 ? " event" : " events") + ", where " +
         Tell(first, at) + " in one, and " + Tell(second, at) + " in the other";
}

}  // namespace taskleak::internal
