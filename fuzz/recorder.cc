#include "fuzz/recorder.h"

#include "fuzz/replay.h"

namespace taskleak::internal {

TraceEvent* Recorder::Add(TraceEvent::Kind kind, const SimTask& task) {
  if (trace_.events.size() >= max_events_) return nullptr;
  TraceEvent& event = trace_.events.emplace_back();
  event.kind = kind;
  event.step = simulator_.steps;
  event.time = TimePoint(Duration(simulator_.time()));
  event.task = task.id;
  event.op = task.op;
  return &event;
}

void Recorder::Describe(TraceEvent& event, const SimTask& task, const Operation& op) {
  event.operation = OpName(op.kind);
  event.nth = counts_[{task.id, op.kind}];
  event.site = op.site;
  event.label = op.label;
  if (op.object != nullptr)
    event.object =
        std::string(ObjectKindName(op.object->kind)) + " " + std::to_string(op.object->number);
}

void Recorder::OnTask(const SimTask& task, std::uint32_t parent, const Site& site) {
  trace_.tasks.push_back(
      {task.id, parent, PathOf(simulator_.paths(), task.id), task.record->name, site});
  Add(TraceEvent::Kind::kStart, task);
}

void Recorder::OnBefore(const SimTask& task, const Operation& op) { ++counts_[{task.id, op.kind}]; }

void Recorder::OnAfter(const SimTask& task, const Operation& op, std::uint32_t outcome) {
  TraceEvent* event = Add(TraceEvent::Kind::kOperation, task);
  if (event == nullptr) return;
  Describe(*event, task, op);
  event->outcome = outcome;
  if (op.kind == OpKind::kSelect && outcome >= outcome::kChose) {
    const Object* object = op.cases[outcome - outcome::kChose].object;
    if (object != nullptr)
      event->object =
          std::string(ObjectKindName(object->kind)) + " " + std::to_string(object->number);
  }
}

void Recorder::OnPark(const SimTask& task, const Operation& op) {
  if (TraceEvent* event = Add(TraceEvent::Kind::kPark, task); event != nullptr)
    Describe(*event, task, op);
}

void Recorder::OnUnpark(const SimTask& task) { Add(TraceEvent::Kind::kUnpark, task); }

void Recorder::OnEnd(const SimTask& task) { Add(TraceEvent::Kind::kEnd, task); }

void Recorder::OnTimer(const TimerNode& timer) {
  if (trace_.events.size() >= max_events_) return;
  TraceEvent& event = trace_.events.emplace_back();
  event.kind = TraceEvent::Kind::kTimer;
  event.step = simulator_.steps;
  event.time = TimePoint(Duration(simulator_.time()));
  event.task = timer.owner;
  event.nth = timer.ordinal;
}

void Recorder::OnException(const LoggedException& exception, const SimTask& anchor) {
  TraceEvent* event = Add(TraceEvent::Kind::kException, anchor);
  trace_.exceptions.push_back(ToEntry(exception, simulator_.paths()));
  if (event == nullptr) return;
  event->entry = static_cast<std::uint32_t>(trace_.exceptions.size() - 1);
  if (anchor.operation != nullptr) {
    Describe(*event, anchor, *anchor.operation);
  } else {  // It had done its last operation, or none.
    event->operation = OpName(anchor.last_kind);
    event->nth = counts_[{anchor.id, anchor.last_kind}];
    event->site = anchor.last_site;
  }
}

Trace Recorder::Take(std::uint64_t hash) {
  trace_.hash = hash;
  return std::move(trace_);
}

}  // namespace taskleak::internal
